-- A report is judged by its neighbours, whatever number of others its deployment has brought: those of which the period ends
-- behind the beginning of its own, and those that continue it.
CREATE INDEX usage_report_by_period ON usage_report (deployment, to_at, from_at);
CREATE INDEX usage_report_by_previous ON usage_report (previous, deployment, sequence, from_at) WHERE previous IS NOT NULL;
