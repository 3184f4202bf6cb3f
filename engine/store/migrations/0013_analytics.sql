-- Analytics Engine: the points that workers wrote. `timestamp` is seconds since 1970; service and environment are
-- those that wrote it, by their names then. What a point does not have is NULL.

CREATE TABLE analytics_points (
    seq INTEGER PRIMARY KEY,
    dataset TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    service TEXT NOT NULL,
    environment TEXT NOT NULL,
    index1 TEXT,
    blob1 TEXT, blob2 TEXT, blob3 TEXT, blob4 TEXT, blob5 TEXT, blob6 TEXT, blob7 TEXT, blob8 TEXT,
    blob9 TEXT, blob10 TEXT, blob11 TEXT, blob12 TEXT, blob13 TEXT, blob14 TEXT, blob15 TEXT,
    blob16 TEXT, blob17 TEXT, blob18 TEXT, blob19 TEXT, blob20 TEXT,
    double1 REAL, double2 REAL, double3 REAL, double4 REAL, double5 REAL, double6 REAL,
    double7 REAL, double8 REAL, double9 REAL, double10 REAL, double11 REAL, double12 REAL,
    double13 REAL, double14 REAL, double15 REAL, double16 REAL, double17 REAL, double18 REAL,
    double19 REAL, double20 REAL
);
CREATE INDEX analytics_points_of_dataset ON analytics_points (dataset, timestamp);
CREATE INDEX analytics_points_by_time ON analytics_points (timestamp);
