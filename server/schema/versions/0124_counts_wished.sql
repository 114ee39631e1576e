-- Whether a line of a report is among those that are wished for: one outcome, or several together. What is
-- 'passed' stands in the line, and is what every figure counts: of a teacher whom nobody has confirmed
-- nothing is. (The function of six arguments, which only knew outcomes, stays for the version before.)
create function is_wished(wish text, outcome text, passes boolean, is_corrected boolean, is_poor boolean)
returns boolean language sql immutable parallel safe
as $$ select case wish
    when 'came' then outcome <> 'no_show'
    when 'passed' then passes
    when 'corrected' then is_corrected
    when 'poor' then is_poor
    else outcome = wish end $$;
