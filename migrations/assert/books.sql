-- Before and after every step but the first: each fund's cash equals its points, each balance its lots.
SELECT 'fund ' || fund || ' is off by ' || sum(balance) FROM (
    SELECT fund, balance FROM pots UNION ALL SELECT fund, remaining FROM lots
) everything GROUP BY fund HAVING sum(balance) <> 0
UNION ALL
SELECT 'wallet ' || w.id || ' differs from its lots' FROM wallets w
WHERE w.balance <> (SELECT coalesce(sum(l.remaining), 0) FROM lots l WHERE l.wallet_id = w.id)
