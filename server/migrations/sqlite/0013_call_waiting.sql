-- Whether who calls while another call is up finds the person busy.
ALTER TABLE call_rules ADD COLUMN no_call_waiting INTEGER NOT NULL DEFAULT 0;
