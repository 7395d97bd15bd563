-- The floor: the least that a payment must write where points have lots, history, idempotency and an outbox, done
-- by one hand-written function in the server. Nothing stands before it: no HTTP, no JSON, no sign-in, no application.
-- 2,000 payers have three lots each, the last of them without end; 50 merchants start empty.
--
--   psql -f floor.sql -c 'VACUUM ANALYZE' DATABASE
--   pgbench -n -M prepared -f floor.pgbench -c 16 -j 2 -T 20 DATABASE
--   psql -c 'SELECT * FROM floor.wrongs' DATABASE
--
-- It is a yardstick and not a ledger: it must never grow a check or an index that the work does not need.
CREATE SCHEMA floor;

CREATE TABLE floor.wallets (
	id      integer PRIMARY KEY,
	balance bigint  NOT NULL CHECK (balance >= 0)
) WITH (fillfactor = 50);

CREATE TABLE floor.lots (
	id        bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	wallet    integer NOT NULL,
	kind      integer NOT NULL,
	expires   date,
	hops      integer NOT NULL,
	remaining bigint  NOT NULL CHECK (remaining >= 0),
	UNIQUE (wallet, kind, expires, hops)
) WITH (fillfactor = 50);
CREATE INDEX ON floor.lots (wallet, kind, expires) WHERE remaining > 0;

CREATE TABLE floor.payments (
	id     uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
	key    text        NOT NULL UNIQUE,
	payer  integer,
	payee  integer,
	amount bigint,
	at     timestamptz DEFAULT now()
);

CREATE TABLE floor.lines (
	id      bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	payment uuid    NOT NULL,
	wallet  integer NOT NULL,
	lot     bigint  NOT NULL,
	delta   bigint  NOT NULL,
	balance bigint
);
CREATE INDEX ON floor.lines (wallet, id);

CREATE TABLE floor.outbox (
	id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	topic   text,
	payload jsonb,
	at      timestamptz DEFAULT now()
);

CREATE FUNCTION floor.pay(paying integer, paid integer, points bigint, client_key text) RETURNS uuid
LANGUAGE plpgsql SET search_path = floor AS $$
DECLARE
	made      uuid;
	source    record;
	lacking   bigint := points;
	share     bigint;
	reached   bigint;
	left_over bigint;
	risen     bigint;
BEGIN
	INSERT INTO payments (key, payer, payee, amount) VALUES (client_key, paying, paid, points) RETURNING id INTO made;
	UPDATE wallets SET balance = balance - points WHERE id = paying RETURNING balance INTO left_over;
	UPDATE wallets SET balance = balance + points WHERE id = paid RETURNING balance INTO risen;
	FOR source IN
		SELECT id, kind, expires, hops, remaining FROM lots WHERE wallet = paying AND remaining > 0 ORDER BY kind, expires
	LOOP
		share := least(lacking, source.remaining);
		UPDATE lots SET remaining = remaining - share WHERE id = source.id;
		INSERT INTO lots (wallet, kind, expires, hops, remaining)
		VALUES (paid, source.kind, source.expires, source.hops + 1, share)
		ON CONFLICT (wallet, kind, expires, hops) DO UPDATE SET remaining = lots.remaining + excluded.remaining
		RETURNING id INTO reached;
		INSERT INTO lines (payment, wallet, lot, delta, balance)
		VALUES (made, paying, source.id, -share, left_over), (made, paid, reached, share, risen);
		lacking := lacking - share;
		EXIT WHEN lacking = 0;
	END LOOP;
	IF lacking > 0 THEN
		RAISE 'points are short by %', lacking;
	END IF;
	INSERT INTO outbox (topic, payload)
	VALUES ('payment', jsonb_build_object('transfer', made, 'payer', paying, 'payee', paid, 'amount', points));
	RETURN made;
END $$;

INSERT INTO floor.wallets SELECT payer, 100002000 FROM generate_series(1, 2000) AS payer;
INSERT INTO floor.wallets SELECT merchant, 0 FROM generate_series(10001, 10050) AS merchant;
INSERT INTO floor.lots (wallet, kind, expires, hops, remaining)
SELECT payer, kind, date '2027-03-31' + kind, 0, CASE kind WHEN 3 THEN 100000000 ELSE 1000 END
FROM generate_series(1, 2000) AS payer, generate_series(1, 3) AS kind;

-- The books, one row for each thing that is wrong: a floor that loses points would be no measure.
CREATE VIEW floor.wrongs AS
SELECT 'wallet ' || w.id AS what, w.balance AS found, coalesce(sum(l.remaining), 0) AS expected
FROM floor.wallets w LEFT JOIN floor.lots l ON l.wallet = w.id
GROUP BY w.id HAVING w.balance <> coalesce(sum(l.remaining), 0)
UNION ALL
SELECT 'all points', sum(balance), 2000 * 100002000::bigint FROM floor.wallets HAVING sum(balance) <> 2000 * 100002000::bigint
UNION ALL
SELECT 'merchants', sum(balance), (SELECT coalesce(sum(amount), 0) FROM floor.payments)
FROM floor.wallets WHERE id > 10000 HAVING sum(balance) <> (SELECT coalesce(sum(amount), 0) FROM floor.payments)
UNION ALL
SELECT 'payment ' || p.id, coalesce(sum(l.delta) FILTER (WHERE l.wallet = p.payee), 0), p.amount
FROM floor.payments p LEFT JOIN floor.lines l ON l.payment = p.id
GROUP BY p.id
HAVING coalesce(sum(l.delta), 1) <> 0 OR coalesce(sum(l.delta) FILTER (WHERE l.wallet = p.payee), 0) <> p.amount
UNION ALL
SELECT 'outbox', (SELECT count(*) FROM floor.outbox), (SELECT count(*) FROM floor.payments)
WHERE (SELECT count(*) FROM floor.outbox) <> (SELECT count(*) FROM floor.payments);
