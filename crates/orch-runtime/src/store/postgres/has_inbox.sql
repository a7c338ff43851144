select to_regclass('{domain}_callbacks') is not null
