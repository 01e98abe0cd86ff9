-- Webhooks that were refused, by route, reason and day (since 1970): the last of them, and how many there were.
CREATE TABLE refusals (
    route TEXT NOT NULL,
    reason TEXT NOT NULL,
    day BIGINT NOT NULL,
    sender TEXT NOT NULL,
    detail TEXT NOT NULL,
    times BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (route, reason, day)
);
