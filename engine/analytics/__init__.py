"""Analytics Engine: the points that workers write, and the SQL that asks for them."""
