-- The mean of the finite values, for filters and sorting; absent when there is none, or when their sum overflows.
ALTER TABLE series ADD COLUMN mean_value DOUBLE PRECISION;

-- For the series that are there. sum_bits is a double as an integer (IEEE 754: 1 bit of sign, 11 of exponent, 52 of
-- fraction). SQL has no power that both databases know, so two to the exponent is a product of one factor a bit.
UPDATE series SET mean_value =
    CASE
        WHEN (sum_bits & 9223372036854775807) = 0 THEN 0.0
        WHEN exponent > 1023 THEN NULL
        ELSE CASE WHEN sum_bits < 0 THEN -1.0 ELSE 1.0 END
            * (1.0 + (sum_bits & 4503599627370495) / CAST(4503599627370496.0 AS DOUBLE PRECISION))
            * CASE WHEN exponent < 0 THEN 1.0 ELSE
                CASE WHEN (exponent & 1) = 0 THEN 1.0 ELSE CAST(2.0 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 2) = 0 THEN 1.0 ELSE CAST(4.0 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 4) = 0 THEN 1.0 ELSE CAST(16.0 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 8) = 0 THEN 1.0 ELSE CAST(256.0 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 16) = 0 THEN 1.0 ELSE CAST(65536.0 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 32) = 0 THEN 1.0 ELSE CAST(4294967296.0 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 64) = 0 THEN 1.0 ELSE CAST(1.8446744073709552e+19 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 128) = 0 THEN 1.0 ELSE CAST(3.402823669209385e+38 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 256) = 0 THEN 1.0 ELSE CAST(1.157920892373162e+77 AS DOUBLE PRECISION) END *
                CASE WHEN (exponent & 512) = 0 THEN 1.0 ELSE CAST(1.3407807929942597e+154 AS DOUBLE PRECISION) END END
            / CASE WHEN exponent >= 0 THEN 1.0 ELSE
                CASE WHEN ((-exponent) & 1) = 0 THEN 1.0 ELSE CAST(2.0 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 2) = 0 THEN 1.0 ELSE CAST(4.0 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 4) = 0 THEN 1.0 ELSE CAST(16.0 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 8) = 0 THEN 1.0 ELSE CAST(256.0 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 16) = 0 THEN 1.0 ELSE CAST(65536.0 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 32) = 0 THEN 1.0 ELSE CAST(4294967296.0 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 64) = 0 THEN 1.0 ELSE CAST(1.8446744073709552e+19 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 128) = 0 THEN 1.0 ELSE CAST(3.402823669209385e+38 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 256) = 0 THEN 1.0 ELSE CAST(1.157920892373162e+77 AS DOUBLE PRECISION) END *
                CASE WHEN ((-exponent) & 512) = 0 THEN 1.0 ELSE CAST(1.3407807929942597e+154 AS DOUBLE PRECISION) END END
    END / NULLIF(count - non_finite_count, 0)
FROM (SELECT id AS series_id, ((sum_bits >> 52) & 2047) - 1023 AS exponent FROM series) AS parts
WHERE series_id = series.id;
