-- Orders whose status is rare, newest first: a list of these alone walks no others. A step of an order's usual life
-- writes no page of these indexes, for it enters and leaves none of these statuses.
CREATE INDEX orders_rare ON orders (vendor, placed_at, id, status)
WHERE status NOT IN ('Paid', 'Shipped', 'Delivered', 'Completed');

CREATE INDEX orders_all_rare ON orders (placed_at, id, status)
WHERE status NOT IN ('Paid', 'Shipped', 'Delivered', 'Completed');
