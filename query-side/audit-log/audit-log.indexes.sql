-- Lists are in log order, so each filter has the position behind its column; ranges of time have an order of their own.
ALTER TABLE audit_log ADD PRIMARY KEY (position);
CREATE INDEX audit_log_by_stream ON audit_log (stream_id, position);
CREATE INDEX audit_log_by_correlation ON audit_log (correlation_id, position);
CREATE INDEX audit_log_by_actor ON audit_log (actor_subject, position);
CREATE INDEX audit_log_by_type ON audit_log (event_type, position);
CREATE INDEX audit_log_by_time ON audit_log (occurred_at, position);
