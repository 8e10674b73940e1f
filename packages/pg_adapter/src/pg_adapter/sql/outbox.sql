-- The outbox, read as a log.
--
-- Ids are given out before commits, so a reader of `id > last` loses what commits late. Rows of a
-- transaction below the oldest running one cannot appear any more: up to there the order is final.

-- place
SELECT c.xid::text, c.id
  FROM consumer_cursors AS c
 WHERE c.consumer = %(consumer)s::text

-- events
-- With each event the place of its account's event before it, which must be told first.
SELECT o.xid::text, o.id, o.event_id::text, o.topic, o.account_id::text, o.sequence,
       CASE WHEN o.topic = ANY (%(topics)s::text[]) THEN o.body END,
       p.xid::text, p.id
  FROM (SELECT e.xid, e.id, e.event_id, e.topic, e.account_id, e.sequence, e.body
          FROM outbox AS e
         WHERE (e.xid, e.id) > (%(xid)s::xid8, %(id)s::bigint)
           AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY e.xid, e.id
         LIMIT %(rows)s::integer) AS o
  LEFT JOIN outbox AS p ON p.account_id = o.account_id AND p.sequence = o.sequence - 1
 ORDER BY o.xid, o.id

-- advance
-- Never back: a repeat, or an older process, changes nothing.
INSERT INTO consumer_cursors AS c (consumer, xid, id, updated_at)
VALUES (%(consumer)s::text, %(xid)s::xid8, %(id)s::bigint, now())
    ON CONFLICT (consumer) DO UPDATE
   SET xid = excluded.xid, id = excluded.id, updated_at = excluded.updated_at
 WHERE (excluded.xid, excluded.id) > (c.xid, c.id)

-- park
-- What a person discarded stays so.
INSERT INTO dead_letters AS d (
  consumer, event_id, topic, account_id, sequence, body, error, attempts, state, parked_at
)
VALUES (
  %(consumer)s::text, %(event_id)s::uuid, %(topic)s::text, %(account_id)s::uuid,
  %(sequence)s::bigint, %(body)s::bytea, %(error)s::text, %(attempts)s::integer, 'PARKED', now()
)
    ON CONFLICT (consumer, event_id) DO UPDATE
   SET error = excluded.error, attempts = excluded.attempts, state = 'PARKED',
       parked_at = excluded.parked_at, resolved_at = NULL, resolved_by = NULL
 WHERE d.state <> 'DISCARDED'

-- lag
-- Everything committed counts, also beyond the horizon: that is what makes a stall visible.
SELECT count(*), min(o.recorded_at),
       coalesce(bool_or(o.xid < pg_snapshot_xmin(pg_current_snapshot())), false)
  FROM (SELECT e.xid, e.recorded_at
          FROM outbox AS e
         WHERE (e.xid, e.id) > (%(xid)s::xid8, %(id)s::bigint)
         ORDER BY e.xid, e.id
         LIMIT %(rows)s::integer) AS o
