-- The number of the voicemail, '' for none. NULL is as for everybody; for everybody it is none.
ALTER TABLE media_policies ADD COLUMN voicemail TEXT;
