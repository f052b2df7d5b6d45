"""The functions that a statement may call, by dialect: what computes from its arguments and touches nothing else.

Left out on purpose: files, network, other databases, sequences, locks, sleeping, settings, sessions, users, versions,
catalogues, XML (which runs queries), and whatever builds a large value from a small number. What is not listed is
refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.textsql.schema import Dialect

_EVERYWHERE = """
    count sum avg min max abs round ceil ceiling floor sqrt exp ln log log10 log2 power pow sign mod pi degrees radians
    sin cos tan asin acos atan atan2 lower upper trim ltrim rtrim length replace substr substring concat concat_ws
    coalesce nullif instr ascii row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
    nth_value json_object json_array json_array_length
"""

_POSTGRESQL = """
    all cbrt cot sinh cosh tanh trunc div gcd lcm factorial width_bucket random scale min_scale trim_scale isfinite
    bool_and bool_or every bit_and bit_or bit_xor any_value string_agg array_agg json_agg jsonb_agg json_object_agg
    jsonb_object_agg corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx
    regr_sxy regr_syy stddev stddev_pop stddev_samp variance var_pop var_samp mode percentile_cont percentile_disc
    range_agg grouping
    char_length character_length octet_length bit_length btrim lpad rpad left right repeat reverse initcap split_part
    position strpos translate overlay chr md5 encode decode format quote_literal starts_with to_hex normalize unaccent
    regexp_replace regexp_match regexp_matches regexp_split_to_array regexp_split_to_table regexp_count regexp_instr
    regexp_like regexp_substr string_to_array string_to_table
    now current_date current_time current_timestamp clock_timestamp statement_timestamp transaction_timestamp
    localtime localtimestamp age date date_part date_trunc date_bin extract justify_days justify_hours justify_interval
    make_date make_time make_timestamp make_timestamptz make_interval to_char to_date to_number to_timestamp timezone
    greatest least num_nulls num_nonnulls
    array array_length array_position array_positions array_to_string array_append array_prepend array_cat array_remove
    array_replace array_ndims array_dims array_lower array_upper cardinality array_sample unnest row
    json_build_array json_build_object jsonb_build_array jsonb_build_object json_array_elements
    json_array_elements_text jsonb_array_elements jsonb_array_elements_text jsonb_array_length json_each json_each_text
    jsonb_each jsonb_each_text json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text
    json_object_keys jsonb_object_keys json_typeof jsonb_typeof json_strip_nulls jsonb_strip_nulls jsonb_path_exists
    jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_path_match jsonb_set jsonb_insert jsonb_pretty
    jsonb_exists to_json to_jsonb json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset
    generate_series generate_subscripts
    to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline numnode
    lower_inc upper_inc lower_inf upper_inf isempty range_merge int4range int8range numrange tsrange tstzrange daterange
    host masklen network broadcast netmask family abbrev text
    point distance area center
"""

_MYSQL = """
    truncate rand cot crc32 conv bin oct hex unhex bit_count format greatest least sha1 sha sha2 md5 to_base64
    from_base64
    bit_and bit_or bit_xor std stddev stddev_pop stddev_samp variance var_pop var_samp group_concat json_arrayagg
    json_objectagg any_value grouping median percentile_cont percentile_disc
    char_length character_length octet_length bit_length lcase ucase left right lpad rpad repeat reverse space strcmp
    locate position mid substring_index field find_in_set elt insert quote soundex ord char chr
    regexp_replace regexp_substr regexp_instr regexp_like isnull ifnull if nvl nvl2 interval
    now curdate curtime current_date current_time current_timestamp localtime localtimestamp sysdate utc_date utc_time
    utc_timestamp unix_timestamp from_unixtime date time timestamp year quarter month monthname week weekofyear weekday
    yearweek day dayname dayofmonth dayofweek dayofyear hour minute second microsecond date_add date_sub adddate subdate
    addtime subtime datediff timediff timestampdiff timestampadd period_add period_diff date_format time_format
    str_to_date last_day makedate maketime sec_to_time time_to_sec to_days from_days to_seconds get_format convert_tz
    add_months extract
    json_extract json_unquote json_quote json_value json_query json_length json_depth json_keys json_contains
    json_contains_path json_search json_type json_valid json_exists json_overlaps json_table json_merge_patch
    json_merge_preserve json_set json_insert json_replace json_remove json_compact json_detailed
    uuid_to_bin bin_to_uuid inet_ntoa inet_aton inet6_ntoa inet6_aton row to_char lengthb
"""

_SQLITE = """
    total group_concat string_agg random ifnull iif likely unlikely likelihood typeof char unicode hex quote
    octet_length printf format glob like trunc acosh asinh atanh cosh sinh tanh
    date time datetime julianday unixepoch strftime timediff current_date current_time current_timestamp
    json json_extract json_type json_valid json_quote json_group_array json_group_object json_insert json_replace
    json_set json_remove json_patch json_each json_tree median percentile
"""

FUNCTIONS: Mapping[Dialect, frozenset[str]] = {
    Dialect.POSTGRESQL: frozenset(f"{_EVERYWHERE} {_POSTGRESQL}".split()) - {"instr", "pow2", "log2"},
    Dialect.MYSQL: frozenset(f"{_EVERYWHERE} {_MYSQL}".split()) - {"json_array_length"},
    Dialect.SQLITE: frozenset(f"{_EVERYWHERE} {_SQLITE}".split()) - {"ascii"},
}

# Of MySQL's functions those that make one value of the rows of a group.
_AGGREGATES = """
    count sum avg min max bit_and bit_or bit_xor std stddev stddev_pop stddev_samp variance var_pop var_samp
    group_concat json_arrayagg json_objectagg any_value median
"""
AGGREGATES = frozenset(_AGGREGATES.split())

# What may stand in FROM, and the columns that it brings; none: one column, named as the source is.
_VALUES = """
    generate_series generate_subscripts unnest regexp_split_to_table regexp_matches string_to_table json_object_keys
    jsonb_object_keys jsonb_path_query
"""
_ELEMENTS = "json_array_elements json_array_elements_text jsonb_array_elements jsonb_array_elements_text"
_PAIRS = "json_each json_each_text jsonb_each jsonb_each_text"
# Their columns are named beside them.
_RECORDS = "json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset"
_NODES = "key value type atom id parent fullkey path"
TABLE_FUNCTIONS: Mapping[Dialect, Mapping[str, tuple[str, ...]]] = {
    Dialect.POSTGRESQL: {
        **dict.fromkeys(f"{_VALUES} {_RECORDS}".split(), ()),
        **dict.fromkeys(_ELEMENTS.split(), ("value",)),
        **dict.fromkeys(_PAIRS.split(), ("key", "value")),
    },
    Dialect.MYSQL: {},
    Dialect.SQLITE: dict.fromkeys(("json_each", "json_tree"), tuple(_NODES.split())),
}

# What bounds the functions that make much of little; of the first, which argument says how much.
LONGEST_REPEAT = 10_000
LONGEST_SERIES = 1_000_000
REPEATING: Mapping[str, int] = {"repeat": 1, "lpad": 1, "rpad": 1, "space": 0}
# What puts a text in for each part of another: a long one for many makes a product of their lengths.
REPLACING = frozenset({"replace", "regexp_replace"})
LONGEST_REPLACED = 100
LONGEST_PADDED = 65_535  # of a type, such as char(80)
FORMATTING = frozenset({"format", "printf"})
