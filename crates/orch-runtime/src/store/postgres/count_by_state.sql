select state, count(*) from {domain}_operations group by state
