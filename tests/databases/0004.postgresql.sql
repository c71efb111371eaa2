-- The same as 0004.sqlite.sql, by pg_dump 15 --inserts --no-owner --no-privileges without its comments and backslash commands.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.application_credentials (
    id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    secret_hash text NOT NULL COLLATE pg_catalog."C",
    description text COLLATE pg_catalog."C",
    roles text NOT NULL COLLATE pg_catalog."C",
    is_unrestricted boolean NOT NULL,
    expires_at bigint,
    created_at bigint NOT NULL
);
CREATE TABLE public.blobs (
    key text NOT NULL COLLATE pg_catalog."C",
    store text NOT NULL COLLATE pg_catalog."C",
    image_id text NOT NULL COLLATE pg_catalog."C",
    size_bytes bigint NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE public.image_members (
    image_id text NOT NULL COLLATE pg_catalog."C",
    member text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    can_share boolean NOT NULL,
    created_at bigint NOT NULL,
    shared_at bigint DEFAULT '0'::bigint NOT NULL,
    updated_at bigint DEFAULT '0'::bigint NOT NULL
);
CREATE TABLE public.image_properties (
    name text NOT NULL COLLATE pg_catalog."C",
    value_key text NOT NULL COLLATE pg_catalog."C",
    image_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.image_tags (
    tag_key text NOT NULL COLLATE pg_catalog."C",
    image_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.images (
    id text NOT NULL COLLATE pg_catalog."C",
    name text COLLATE pg_catalog."C",
    owner text COLLATE pg_catalog."C",
    visibility text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    disk_format text COLLATE pg_catalog."C",
    container_format text COLLATE pg_catalog."C",
    size_bytes bigint,
    virtual_size_bytes bigint,
    min_disk_gib bigint NOT NULL,
    min_ram_mib bigint NOT NULL,
    checksum text COLLATE pg_catalog."C",
    os_hash_algo text COLLATE pg_catalog."C",
    os_hash_value text COLLATE pg_catalog."C",
    is_protected boolean NOT NULL,
    is_hidden boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint,
    properties text NOT NULL COLLATE pg_catalog."C",
    tags text NOT NULL COLLATE pg_catalog."C",
    locations text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    member_count bigint NOT NULL,
    sort_name text GENERATED ALWAYS AS (COALESCE(name, ''::text)) STORED NOT NULL COLLATE pg_catalog."C",
    sort_size bigint GENERATED ALWAYS AS (COALESCE(size_bytes, (0)::bigint)) STORED NOT NULL,
    sort_disk_format text GENERATED ALWAYS AS (COALESCE(disk_format, ''::text)) STORED NOT NULL COLLATE pg_catalog."C",
    sort_container_format text GENERATED ALWAYS AS (COALESCE(container_format, ''::text)) STORED NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.loads (
    source text NOT NULL COLLATE pg_catalog."C",
    lines_done bigint NOT NULL,
    last_line_digest text NOT NULL COLLATE pg_catalog."C",
    look_ups_pending boolean NOT NULL
);
CREATE TABLE public.projects (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    enabled boolean NOT NULL,
    created_at bigint NOT NULL,
    quota_bytes bigint,
    quota_images bigint,
    description text COLLATE pg_catalog."C"
);
CREATE TABLE public.role_assignments (
    user_id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    role text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.schema_version (
    only_row integer NOT NULL,
    revision text NOT NULL COLLATE pg_catalog."C",
    oldest_program_revision text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT ck_schema_version_only_row CHECK ((only_row = 1))
);
CREATE SEQUENCE public.schema_version_only_row_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.schema_version_only_row_seq OWNED BY public.schema_version.only_row;
CREATE TABLE public.tokens (
    token_hash text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    project_id text COLLATE pg_catalog."C",
    methods text NOT NULL COLLATE pg_catalog."C",
    audit_id text NOT NULL COLLATE pg_catalog."C",
    issued_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    application_credential_id text COLLATE pg_catalog."C",
    only_roles text COLLATE pg_catalog."C"
);
CREATE TABLE public.uploads (
    id text NOT NULL COLLATE pg_catalog."C",
    image_id text NOT NULL COLLATE pg_catalog."C",
    blob_key text NOT NULL COLLATE pg_catalog."C",
    store text NOT NULL COLLATE pg_catalog."C",
    on_failure text NOT NULL COLLATE pg_catalog."C",
    size_declared bigint,
    bytes_done bigint NOT NULL,
    lease_until bigint NOT NULL,
    node text NOT NULL COLLATE pg_catalog."C",
    bytes_reserved bigint DEFAULT '0'::bigint NOT NULL,
    CONSTRAINT ck_uploads_on_failure CHECK ((on_failure = ANY (ARRAY['queued'::text, 'killed'::text])))
);
CREATE TABLE public.usage (
    project text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    value bigint NOT NULL
);
CREATE TABLE public.used_ids (
    id_key text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.users (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    password_hash text NOT NULL COLLATE pg_catalog."C",
    enabled boolean NOT NULL,
    default_project_id text COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    description text COLLATE pg_catalog."C",
    email text COLLATE pg_catalog."C"
);
ALTER TABLE ONLY public.schema_version ALTER COLUMN only_row SET DEFAULT nextval('public.schema_version_only_row_seq'::regclass);
INSERT INTO public.application_credentials VALUES ('5f2d7c3ab1804a0c9f0f3f0b1c2d3e4f', '78e51061731148a382ce6f447ed4d57b', 'cd613e30d8f14adf91b7584a2265b1f5', 'pipeline', '', 'for tests', 'member', false, NULL, 1790000000000000);
INSERT INTO public.blobs VALUES ('loaded-1', 'local', '00000000-0000-0000-0000-000000000001', 5, 1767225600000000);
INSERT INTO public.blobs VALUES ('loaded-2', 'far', '00000000-0000-0000-0000-000000000001', 5, 1767225600000000);
INSERT INTO public.blobs VALUES ('loaded-3', 'local', '00000000-0000-0000-0000-000000000002', 1125899906842624, 1767312000000000);
INSERT INTO public.blobs VALUES ('loaded-4', 'local', '00000000-0000-0000-0000-000000000003', 9, 1767398400000000);
INSERT INTO public.blobs VALUES ('acf6fba86b4f52ec3c25e885e67b9a08', 'local', 'e4b06ce6-0741-47a8-bce4-2c8218072e8c', 12, 1795165210000000);
INSERT INTO public.image_members VALUES ('00000000-0000-0000-0000-000000000001', '1e2feb89414c443c9027c4d1c386bbc4', 'accepted', false, 1767225600000000, 1767225600000000, 1767225600000000);
INSERT INTO public.image_members VALUES ('00000000-0000-0000-0000-000000000002', '1e2feb89414c443c9027c4d1c386bbc4', 'pending', false, 1767312000000000, 1790000001000000, 1790000002000000);
INSERT INTO public.image_properties VALUES ('os', 'debian', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.image_properties VALUES ('note', 'größe 📷', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.image_properties VALUES ('os', 'debian', 'e4b06ce6-0741-47a8-bce4-2c8218072e8c');
INSERT INTO public.image_properties VALUES ('os', 'debian', 'cd447e35-b8b6-48fe-842e-3d437204e52d');
INSERT INTO public.image_properties VALUES ('os', 'debian', '05b6e6e3-07d4-4edc-9143-1193e6c3f339');
INSERT INTO public.image_properties VALUES ('os', 'debian', 'afbd67f9-6196-49cf-a198-8ad9f06c144a');
INSERT INTO public.image_tags VALUES ('lts', '00000000-0000-0000-0000-000000000001');
INSERT INTO public.images VALUES ('00000000-0000-0000-0000-000000000001', 'loaded', 'cd613e30d8f14adf91b7584a2265b1f5', 'public', 'active', NULL, NULL, 5, NULL, 0, 0, NULL, NULL, NULL, false, false, 1767225600000000, 1767225600000000, NULL, '{"os":"debian","note":"größe 📷"}', '["lts"]', '[]', 1, 1, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('00000000-0000-0000-0000-000000000003', 'nobody''s', NULL, 'shared', 'active', NULL, NULL, 9, NULL, 0, 0, NULL, NULL, NULL, false, false, 1767398400000000, 1767398400000000, NULL, '{}', '[]', '[]', 1, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('00000000-0000-0000-0000-000000000004', 'deleted', 'cd613e30d8f14adf91b7584a2265b1f5', 'shared', 'deleted', NULL, NULL, 9, NULL, 0, 0, NULL, NULL, NULL, false, false, 1767484800000000, 1767484800000000, 1767571200000000, '{"os":"debian"}', '[]', '[]', 1, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('00000000-0000-0000-0000-000000000005', 'killed', 'cd613e30d8f14adf91b7584a2265b1f5', 'shared', 'killed', NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, false, false, 1767657600000000, 1767657600000000, NULL, '{}', '[]', '[]', 1, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('00000000-0000-0000-0000-000000000006', 'metadata only', '1e2feb89414c443c9027c4d1c386bbc4', 'shared', 'active', NULL, NULL, 77, NULL, 0, 0, NULL, NULL, NULL, false, false, 1767744000000000, 1767744000000000, NULL, '{}', '[]', '[]', 1, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('e4b06ce6-0741-47a8-bce4-2c8218072e8c', 'uploaded', 'cd613e30d8f14adf91b7584a2265b1f5', 'shared', 'active', 'raw', 'bare', 12, 12, 0, 0, 'c91fa94e14cf2fa5474beceff788c0dc', 'sha512', '465e3dd38901750ef2011bd23df90b6e920af3fb4039e20c8ce4b5d5be8f8611df8daf4b7ac151bef21e4ca74699e3a1a8b3ddb38ce78d3a29a3ec3c2cc70fff', false, false, 1795165206000000, 1795165210000000, NULL, '{"os":"debian"}', '[]', '[]', 2, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('b2221a58-008a-45a6-8464-7159c324c985', 'queued', 'cd613e30d8f14adf91b7584a2265b1f5', 'shared', 'queued', 'raw', 'bare', 1000, NULL, 0, 0, NULL, NULL, NULL, false, false, 1795165211000000, 1795165211000000, NULL, '{}', '[]', '[]', 1, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('cd447e35-b8b6-48fe-842e-3d437204e52d', 'failed', 'cd613e30d8f14adf91b7584a2265b1f5', 'shared', 'killed', 'raw', 'bare', NULL, NULL, 0, 0, NULL, NULL, NULL, false, false, 1795165212000000, 1795165215000000, NULL, '{"os":"debian"}', '[]', '[]', 2, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('05b6e6e3-07d4-4edc-9143-1193e6c3f339', 'broken off, declared', 'cd613e30d8f14adf91b7584a2265b1f5', 'shared', 'saving', 'raw', 'bare', NULL, NULL, 0, 0, NULL, NULL, NULL, false, false, 1795165216000000, 1795165216000000, NULL, '{"os":"debian"}', '[]', '[]', 1, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('afbd67f9-6196-49cf-a198-8ad9f06c144a', 'broken off, unknown', 'cd613e30d8f14adf91b7584a2265b1f5', 'shared', 'saving', 'raw', 'bare', NULL, NULL, 0, 0, NULL, NULL, NULL, false, false, 1795165218000000, 1795165218000000, NULL, '{"os":"debian"}', '[]', '[]', 1, 0, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.images VALUES ('00000000-0000-0000-0000-000000000002', 'elsewhere', 'gone-project', 'shared', 'active', NULL, NULL, 1125899906842624, NULL, 0, 0, NULL, NULL, NULL, false, false, 1767312000000000, 1767312000000000, NULL, '{}', '[]', '[]', 1, 1, DEFAULT, DEFAULT, DEFAULT, DEFAULT);
INSERT INTO public.loads VALUES ('records.jsonl', 6, 'a33386f1a30bc11522c805ff1b1ba3062117324c0246a1cd81a0bf286c7dcdaf', false);
INSERT INTO public.projects VALUES ('1e2feb89414c443c9027c4d1c386bbc4', 'shop', true, 1795165202000000, NULL, NULL, NULL);
INSERT INTO public.projects VALUES ('cd613e30d8f14adf91b7584a2265b1f5', 'web', true, 1795165201000000, 1099511627776, 100, NULL);
INSERT INTO public.role_assignments VALUES ('78e51061731148a382ce6f447ed4d57b', 'cd613e30d8f14adf91b7584a2265b1f5', 'member');
INSERT INTO public.role_assignments VALUES ('35bf992dc9e94616a12e7696a6cecc1b', '1e2feb89414c443c9027c4d1c386bbc4', 'admin');
INSERT INTO public.schema_version VALUES (1, '0004', '0004');
INSERT INTO public.tokens VALUES ('f0679618e02a8b7058953bf3b7212ef8953638e301b8c29137ff3728582933ec', '78e51061731148a382ce6f447ed4d57b', 'cd613e30d8f14adf91b7584a2265b1f5', 'password', 'audit', 1790000000000000, 253402300799000000, NULL, NULL);
INSERT INTO public.uploads VALUES ('025b413f-8a9a-421e-a648-a7dd06839eb9', '05b6e6e3-07d4-4edc-9143-1193e6c3f339', 'c1cb518c821621281836460f17259969', 'local', 'killed', 700, 0, 0, 'old:1', 700);
INSERT INTO public.uploads VALUES ('b9d179e0-6c0f-44f5-b813-0c4237730edf', 'afbd67f9-6196-49cf-a198-8ad9f06c144a', '111de57ab56d743de608618105ec54ab', 'local', 'killed', NULL, 4096, 0, 'old:1', 4096);
INSERT INTO public.usage VALUES ('1e2feb89414c443c9027c4d1c386bbc4', 'images', 1);
INSERT INTO public.usage VALUES ('gone-project', 'images', 1);
INSERT INTO public.usage VALUES ('cd613e30d8f14adf91b7584a2265b1f5', 'images', 7);
INSERT INTO public.usage VALUES ('gone-project', 'bytes', 1125899906842624);
INSERT INTO public.usage VALUES ('cd613e30d8f14adf91b7584a2265b1f5', 'bytes', 4818);
INSERT INTO public.used_ids VALUES ('00000000000000000000000000000001');
INSERT INTO public.used_ids VALUES ('00000000000000000000000000000002');
INSERT INTO public.used_ids VALUES ('00000000000000000000000000000003');
INSERT INTO public.used_ids VALUES ('00000000000000000000000000000004');
INSERT INTO public.used_ids VALUES ('00000000000000000000000000000005');
INSERT INTO public.used_ids VALUES ('00000000000000000000000000000006');
INSERT INTO public.used_ids VALUES ('e4b06ce6074147a8bce42c8218072e8c');
INSERT INTO public.used_ids VALUES ('b2221a58008a45a684647159c324c985');
INSERT INTO public.used_ids VALUES ('cd447e35b8b648fe842e3d437204e52d');
INSERT INTO public.used_ids VALUES ('05b6e6e307d44edc91431193e6c3f339');
INSERT INTO public.used_ids VALUES ('afbd67f9619649cfa1988ad9f06c144a');
INSERT INTO public.users VALUES ('78e51061731148a382ce6f447ed4d57b', 'ann', '$argon2id$v=19$m=19456,t=2,p=1$xBlkUoXwfxY1nfyXX3KWmA$OI0dmslHZ5PjKrlTFD28PMeoyMhSe8eRrzh1xazOFQ4', true, 'cd613e30d8f14adf91b7584a2265b1f5', 1795165203000000, NULL, NULL);
INSERT INTO public.users VALUES ('35bf992dc9e94616a12e7696a6cecc1b', 'root', '$argon2id$v=19$m=19456,t=2,p=1$q0Kd3R8HqyC8M40Q0hDFKw$EvcO/IaVfql+X7rssAdc/5Il3mTCll9Z1TwM9MiPPYk', true, '1e2feb89414c443c9027c4d1c386bbc4', 1795165204000000, NULL, NULL);
SELECT pg_catalog.setval('public.schema_version_only_row_seq', 1, false);
ALTER TABLE ONLY public.application_credentials
    ADD CONSTRAINT application_credentials_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.blobs
    ADD CONSTRAINT blobs_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.images
    ADD CONSTRAINT images_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.loads
    ADD CONSTRAINT loads_pkey PRIMARY KEY (source);
ALTER TABLE ONLY public.image_members
    ADD CONSTRAINT pk_image_members PRIMARY KEY (image_id, member);
ALTER TABLE ONLY public.image_properties
    ADD CONSTRAINT pk_image_properties PRIMARY KEY (name, value_key, image_id);
ALTER TABLE ONLY public.image_tags
    ADD CONSTRAINT pk_image_tags PRIMARY KEY (tag_key, image_id);
ALTER TABLE ONLY public.role_assignments
    ADD CONSTRAINT pk_role_assignments PRIMARY KEY (user_id, project_id, role);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT pk_usage PRIMARY KEY (project, kind);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.application_credentials
    ADD CONSTRAINT uq_application_credentials_user_id_name UNIQUE (user_id, name);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT uq_projects_name UNIQUE (name);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uq_uploads_image_id UNIQUE (image_id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_name UNIQUE (name);
ALTER TABLE ONLY public.used_ids
    ADD CONSTRAINT used_ids_pkey PRIMARY KEY (id_key);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX ix_application_credentials_project_id ON public.application_credentials USING btree (project_id);
CREATE INDEX ix_blobs_image_id ON public.blobs USING btree (image_id);
CREATE INDEX ix_image_members_member ON public.image_members USING btree (member, created_at, image_id);
CREATE INDEX ix_image_properties_image_id ON public.image_properties USING btree (image_id);
CREATE INDEX ix_image_tags_image_id ON public.image_tags USING btree (image_id);
CREATE INDEX ix_images_all_created_at ON public.images USING btree (created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_images_all_name ON public.images USING btree (sort_name, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_images_all_size ON public.images USING btree (sort_size, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_images_all_updated_at ON public.images USING btree (updated_at, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_images_community ON public.images USING btree (created_at, id) WHERE ((deleted_at IS NULL) AND (visibility = 'community'::text));
CREATE INDEX ix_images_gone ON public.images USING btree (updated_at, id) WHERE (deleted_at IS NOT NULL);
CREATE INDEX ix_images_owner_created_at ON public.images USING btree (owner, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_images_owner_name ON public.images USING btree (owner, sort_name, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_images_owner_size ON public.images USING btree (owner, sort_size, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_images_owner_updated_at ON public.images USING btree (owner, updated_at, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX ix_images_public_created_at ON public.images USING btree (created_at, id) WHERE ((deleted_at IS NULL) AND (visibility = 'public'::text));
CREATE INDEX ix_images_public_name ON public.images USING btree (sort_name, created_at, id) WHERE ((deleted_at IS NULL) AND (visibility = 'public'::text));
CREATE INDEX ix_images_public_size ON public.images USING btree (sort_size, created_at, id) WHERE ((deleted_at IS NULL) AND (visibility = 'public'::text));
CREATE INDEX ix_images_public_updated_at ON public.images USING btree (updated_at, created_at, id) WHERE ((deleted_at IS NULL) AND (visibility = 'public'::text));
CREATE INDEX ix_role_assignments_project_id ON public.role_assignments USING btree (project_id);
CREATE INDEX ix_tokens_expires_at ON public.tokens USING btree (expires_at);
CREATE INDEX ix_tokens_user_id ON public.tokens USING btree (user_id);
