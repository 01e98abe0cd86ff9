-- What people answered in Slack: `answer` and who gave it as JSON, with the click that brought it. `state` is given,
-- writing, written, refused, conflict or superseded: how far the answer is on its way to `target`, a field of the deal.
-- `revision` is the one that the person was shown. Personal data, purged with the packet.
CREATE TABLE answers (
    packet_id TEXT NOT NULL REFERENCES packets (packet_id),
    topic TEXT NOT NULL,
    click TEXT NOT NULL,
    revision BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    answer TEXT NOT NULL,
    target TEXT,
    state TEXT NOT NULL,
    detail TEXT,
    PRIMARY KEY (packet_id, topic, click)
);
CREATE INDEX answers_by_age ON answers (answered_at);

-- What else people decided about a packet in Slack, each once a click: accepted, sent_back, review_held, happened.
-- Personal data, purged with the packet.
CREATE TABLE acts (
    packet_id TEXT NOT NULL REFERENCES packets (packet_id),
    act TEXT NOT NULL,
    click TEXT NOT NULL,
    acted_at BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (packet_id, act, click)
);
