update {domain}_callbacks set outcome = ?4 where event_id = ?1 and ?2 = 0 and outcome = ?3
