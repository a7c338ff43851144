-- A sealed text differs each time; only the term itself writes one, and only one.
select 1 from {domain}_write_ahead_logs
where op_id = ?1 and fence = ?2 and state = 'COMPLETED'
    and (outcome = ?3 or (outcome like 'orch1:%' and ?3 like 'orch1:%'))
