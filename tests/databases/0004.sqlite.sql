-- The database of 0003.sqlite.sql upgraded by a program of schema 0004, where one more image was shared. By sqlite3's iterdump.
BEGIN TRANSACTION;
CREATE TABLE application_credentials (
	id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	project_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	secret_hash TEXT NOT NULL, 
	description TEXT, 
	roles TEXT NOT NULL, 
	is_unrestricted BOOLEAN NOT NULL, 
	expires_at BIGINT, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT uq_application_credentials_user_id_name UNIQUE (user_id, name)
);
INSERT INTO "application_credentials" VALUES('5f2d7c3ab1804a0c9f0f3f0b1c2d3e4f','78e51061731148a382ce6f447ed4d57b','cd613e30d8f14adf91b7584a2265b1f5','pipeline','','for tests','member',0,NULL,1790000000000000);
CREATE TABLE blobs (
	"key" TEXT NOT NULL, 
	store TEXT NOT NULL, 
	image_id TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "blobs" VALUES('loaded-1','local','00000000-0000-0000-0000-000000000001',5,1767225600000000);
INSERT INTO "blobs" VALUES('loaded-2','far','00000000-0000-0000-0000-000000000001',5,1767225600000000);
INSERT INTO "blobs" VALUES('loaded-3','local','00000000-0000-0000-0000-000000000002',1125899906842624,1767312000000000);
INSERT INTO "blobs" VALUES('loaded-4','local','00000000-0000-0000-0000-000000000003',9,1767398400000000);
INSERT INTO "blobs" VALUES('e078aa74a73f8cd0815d0552b7d581f2','local','e4b06ce6-0741-47a8-bce4-2c8218072e8c',12,1795165210000000);
CREATE TABLE image_members (
	image_id TEXT NOT NULL, 
	member TEXT NOT NULL, 
	status TEXT NOT NULL, 
	can_share BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, shared_at BIGINT DEFAULT '0' NOT NULL, updated_at BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_image_members PRIMARY KEY (image_id, member)
)
 WITHOUT ROWID

;
INSERT INTO "image_members" VALUES('00000000-0000-0000-0000-000000000001','1e2feb89414c443c9027c4d1c386bbc4','accepted',0,1767225600000000,1767225600000000,1767225600000000);
INSERT INTO "image_members" VALUES('00000000-0000-0000-0000-000000000002','1e2feb89414c443c9027c4d1c386bbc4','pending',0,1767312000000000,1790000001000000,1790000002000000);
CREATE TABLE image_properties (
	name TEXT NOT NULL, 
	value_key TEXT NOT NULL, 
	image_id TEXT NOT NULL, 
	CONSTRAINT pk_image_properties PRIMARY KEY (name, value_key, image_id)
)
 WITHOUT ROWID

;
INSERT INTO "image_properties" VALUES('note','größe 📷','00000000-0000-0000-0000-000000000001');
INSERT INTO "image_properties" VALUES('os','debian','00000000-0000-0000-0000-000000000001');
INSERT INTO "image_properties" VALUES('os','debian','05b6e6e3-07d4-4edc-9143-1193e6c3f339');
INSERT INTO "image_properties" VALUES('os','debian','afbd67f9-6196-49cf-a198-8ad9f06c144a');
INSERT INTO "image_properties" VALUES('os','debian','cd447e35-b8b6-48fe-842e-3d437204e52d');
INSERT INTO "image_properties" VALUES('os','debian','e4b06ce6-0741-47a8-bce4-2c8218072e8c');
CREATE TABLE image_tags (
	tag_key TEXT NOT NULL, 
	image_id TEXT NOT NULL, 
	CONSTRAINT pk_image_tags PRIMARY KEY (tag_key, image_id)
)
 WITHOUT ROWID

;
INSERT INTO "image_tags" VALUES('lts','00000000-0000-0000-0000-000000000001');
CREATE TABLE images (
	id TEXT NOT NULL, 
	name TEXT, 
	owner TEXT, 
	visibility TEXT NOT NULL, 
	status TEXT NOT NULL, 
	disk_format TEXT, 
	container_format TEXT, 
	size_bytes BIGINT, 
	virtual_size_bytes BIGINT, 
	min_disk_gib BIGINT NOT NULL, 
	min_ram_mib BIGINT NOT NULL, 
	checksum TEXT, 
	os_hash_algo TEXT, 
	os_hash_value TEXT, 
	is_protected BOOLEAN NOT NULL, 
	is_hidden BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	deleted_at BIGINT, 
	properties TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	locations TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	member_count BIGINT NOT NULL, 
	sort_name TEXT NOT NULL GENERATED ALWAYS AS (coalesce(name, '')) STORED, 
	sort_size BIGINT NOT NULL GENERATED ALWAYS AS (coalesce(size_bytes, 0)) STORED, 
	sort_disk_format TEXT NOT NULL GENERATED ALWAYS AS (coalesce(disk_format, '')) STORED, 
	sort_container_format TEXT NOT NULL GENERATED ALWAYS AS (coalesce(container_format, '')) STORED, 
	PRIMARY KEY (id)
);
INSERT INTO "images" VALUES('00000000-0000-0000-0000-000000000001','loaded','cd613e30d8f14adf91b7584a2265b1f5','public','active',NULL,NULL,5,NULL,0,0,NULL,NULL,NULL,0,0,1767225600000000,1767225600000000,NULL,'{"os":"debian","note":"größe 📷"}','["lts"]','[]',1,1);
INSERT INTO "images" VALUES('00000000-0000-0000-0000-000000000002','elsewhere','gone-project','shared','active',NULL,NULL,1125899906842624,NULL,0,0,NULL,NULL,NULL,0,0,1767312000000000,1767312000000000,NULL,'{}','[]','[]',1,1);
INSERT INTO "images" VALUES('00000000-0000-0000-0000-000000000003','nobody''s',NULL,'shared','active',NULL,NULL,9,NULL,0,0,NULL,NULL,NULL,0,0,1767398400000000,1767398400000000,NULL,'{}','[]','[]',1,0);
INSERT INTO "images" VALUES('00000000-0000-0000-0000-000000000004','deleted','cd613e30d8f14adf91b7584a2265b1f5','shared','deleted',NULL,NULL,9,NULL,0,0,NULL,NULL,NULL,0,0,1767484800000000,1767484800000000,1767571200000000,'{"os":"debian"}','[]','[]',1,0);
INSERT INTO "images" VALUES('00000000-0000-0000-0000-000000000005','killed','cd613e30d8f14adf91b7584a2265b1f5','shared','killed',NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,0,0,1767657600000000,1767657600000000,NULL,'{}','[]','[]',1,0);
INSERT INTO "images" VALUES('00000000-0000-0000-0000-000000000006','metadata only','1e2feb89414c443c9027c4d1c386bbc4','shared','active',NULL,NULL,77,NULL,0,0,NULL,NULL,NULL,0,0,1767744000000000,1767744000000000,NULL,'{}','[]','[]',1,0);
INSERT INTO "images" VALUES('e4b06ce6-0741-47a8-bce4-2c8218072e8c','uploaded','cd613e30d8f14adf91b7584a2265b1f5','shared','active','raw','bare',12,12,0,0,'c91fa94e14cf2fa5474beceff788c0dc','sha512','465e3dd38901750ef2011bd23df90b6e920af3fb4039e20c8ce4b5d5be8f8611df8daf4b7ac151bef21e4ca74699e3a1a8b3ddb38ce78d3a29a3ec3c2cc70fff',0,0,1795165206000000,1795165210000000,NULL,'{"os":"debian"}','[]','[]',2,0);
INSERT INTO "images" VALUES('b2221a58-008a-45a6-8464-7159c324c985','queued','cd613e30d8f14adf91b7584a2265b1f5','shared','queued','raw','bare',1000,NULL,0,0,NULL,NULL,NULL,0,0,1795165211000000,1795165211000000,NULL,'{}','[]','[]',1,0);
INSERT INTO "images" VALUES('cd447e35-b8b6-48fe-842e-3d437204e52d','failed','cd613e30d8f14adf91b7584a2265b1f5','shared','killed','raw','bare',NULL,NULL,0,0,NULL,NULL,NULL,0,0,1795165212000000,1795165215000000,NULL,'{"os":"debian"}','[]','[]',2,0);
INSERT INTO "images" VALUES('05b6e6e3-07d4-4edc-9143-1193e6c3f339','broken off, declared','cd613e30d8f14adf91b7584a2265b1f5','shared','saving','raw','bare',NULL,NULL,0,0,NULL,NULL,NULL,0,0,1795165216000000,1795165216000000,NULL,'{"os":"debian"}','[]','[]',1,0);
INSERT INTO "images" VALUES('afbd67f9-6196-49cf-a198-8ad9f06c144a','broken off, unknown','cd613e30d8f14adf91b7584a2265b1f5','shared','saving','raw','bare',NULL,NULL,0,0,NULL,NULL,NULL,0,0,1795165218000000,1795165218000000,NULL,'{"os":"debian"}','[]','[]',1,0);
CREATE TABLE loads (
	source TEXT NOT NULL, 
	lines_done BIGINT NOT NULL, 
	last_line_digest TEXT NOT NULL, 
	look_ups_pending BOOLEAN NOT NULL, 
	PRIMARY KEY (source)
);
INSERT INTO "loads" VALUES('records.jsonl',6,'a33386f1a30bc11522c805ff1b1ba3062117324c0246a1cd81a0bf286c7dcdaf',0);
CREATE TABLE projects (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, quota_bytes BIGINT, quota_images BIGINT, description TEXT, 
	PRIMARY KEY (id), 
	CONSTRAINT uq_projects_name UNIQUE (name)
);
INSERT INTO "projects" VALUES('cd613e30d8f14adf91b7584a2265b1f5','web',1,1795165201000000,1099511627776,100,NULL);
INSERT INTO "projects" VALUES('1e2feb89414c443c9027c4d1c386bbc4','shop',1,1795165202000000,NULL,NULL,NULL);
CREATE TABLE role_assignments (
	user_id TEXT NOT NULL, 
	project_id TEXT NOT NULL, 
	role TEXT NOT NULL, 
	CONSTRAINT pk_role_assignments PRIMARY KEY (user_id, project_id, role)
)
 WITHOUT ROWID

;
INSERT INTO "role_assignments" VALUES('35bf992dc9e94616a12e7696a6cecc1b','1e2feb89414c443c9027c4d1c386bbc4','admin');
INSERT INTO "role_assignments" VALUES('78e51061731148a382ce6f447ed4d57b','cd613e30d8f14adf91b7584a2265b1f5','member');
CREATE TABLE schema_version (
	only_row INTEGER NOT NULL, 
	revision TEXT NOT NULL, 
	oldest_program_revision TEXT NOT NULL, 
	PRIMARY KEY (only_row), 
	CONSTRAINT ck_schema_version_only_row CHECK (only_row = 1)
);
INSERT INTO "schema_version" VALUES(1,'0004','0004');
CREATE TABLE tokens (
	token_hash TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	project_id TEXT, 
	methods TEXT NOT NULL, 
	audit_id TEXT NOT NULL, 
	issued_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, application_credential_id TEXT, only_roles TEXT, 
	PRIMARY KEY (token_hash)
)
 WITHOUT ROWID

;
INSERT INTO "tokens" VALUES('f0679618e02a8b7058953bf3b7212ef8953638e301b8c29137ff3728582933ec','78e51061731148a382ce6f447ed4d57b','cd613e30d8f14adf91b7584a2265b1f5','password','audit',1790000000000000,253402300799000000,NULL,NULL);
CREATE TABLE uploads (
	id TEXT NOT NULL, 
	image_id TEXT NOT NULL, 
	blob_key TEXT NOT NULL, 
	store TEXT NOT NULL, 
	on_failure TEXT NOT NULL, 
	size_declared BIGINT, 
	bytes_done BIGINT NOT NULL, 
	lease_until BIGINT NOT NULL, 
	node TEXT NOT NULL, bytes_reserved BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT ck_uploads_on_failure CHECK (on_failure in ('queued', 'killed')), 
	CONSTRAINT uq_uploads_image_id UNIQUE (image_id)
);
INSERT INTO "uploads" VALUES('025b413f-8a9a-421e-a648-a7dd06839eb9','05b6e6e3-07d4-4edc-9143-1193e6c3f339','3a4202a6f346832288a9a53316440695','local','killed',700,0,0,'old:1',700);
INSERT INTO "uploads" VALUES('b9d179e0-6c0f-44f5-b813-0c4237730edf','afbd67f9-6196-49cf-a198-8ad9f06c144a','976195ae41e2b3bdb97fb33910e6e185','local','killed',NULL,4096,0,'old:1',4096);
CREATE TABLE usage (
	project TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_usage PRIMARY KEY (project, kind)
)
 WITHOUT ROWID

;
INSERT INTO "usage" VALUES('1e2feb89414c443c9027c4d1c386bbc4','images',1);
INSERT INTO "usage" VALUES('cd613e30d8f14adf91b7584a2265b1f5','bytes',4818);
INSERT INTO "usage" VALUES('cd613e30d8f14adf91b7584a2265b1f5','images',7);
INSERT INTO "usage" VALUES('gone-project','bytes',1125899906842624);
INSERT INTO "usage" VALUES('gone-project','images',1);
CREATE TABLE used_ids (
	id_key TEXT NOT NULL, 
	PRIMARY KEY (id_key)
)
 WITHOUT ROWID

;
INSERT INTO "used_ids" VALUES('00000000000000000000000000000001');
INSERT INTO "used_ids" VALUES('00000000000000000000000000000002');
INSERT INTO "used_ids" VALUES('00000000000000000000000000000003');
INSERT INTO "used_ids" VALUES('00000000000000000000000000000004');
INSERT INTO "used_ids" VALUES('00000000000000000000000000000005');
INSERT INTO "used_ids" VALUES('00000000000000000000000000000006');
INSERT INTO "used_ids" VALUES('05b6e6e307d44edc91431193e6c3f339');
INSERT INTO "used_ids" VALUES('afbd67f9619649cfa1988ad9f06c144a');
INSERT INTO "used_ids" VALUES('b2221a58008a45a684647159c324c985');
INSERT INTO "used_ids" VALUES('cd447e35b8b648fe842e3d437204e52d');
INSERT INTO "used_ids" VALUES('e4b06ce6074147a8bce42c8218072e8c');
CREATE TABLE users (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	default_project_id TEXT, 
	created_at BIGINT NOT NULL, description TEXT, email TEXT, 
	PRIMARY KEY (id), 
	CONSTRAINT uq_users_name UNIQUE (name)
);
INSERT INTO "users" VALUES('78e51061731148a382ce6f447ed4d57b','ann','$argon2id$v=19$m=19456,t=2,p=1$5rrt9rKogKDNnL+J+JPnRA$gghJITB9k8vLMrpssLIicCCeSToHURrBgYB3YWqRa2U',1,'cd613e30d8f14adf91b7584a2265b1f5',1795165203000000,NULL,NULL);
INSERT INTO "users" VALUES('35bf992dc9e94616a12e7696a6cecc1b','root','$argon2id$v=19$m=19456,t=2,p=1$7cQDjN4smR46nwa6YapE0Q$X4iLoHSjDhF6Kn1PtUcI1IVGu/x6JroXKiM3JS2UVqY',1,'1e2feb89414c443c9027c4d1c386bbc4',1795165204000000,NULL,NULL);
CREATE INDEX ix_role_assignments_project_id ON role_assignments (project_id);
CREATE INDEX ix_tokens_expires_at ON tokens (expires_at);
CREATE INDEX ix_tokens_user_id ON tokens (user_id);
CREATE INDEX ix_images_all_created_at ON images (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_images_all_name ON images (sort_name, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_images_all_size ON images (sort_size, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_images_all_updated_at ON images (updated_at, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_images_community ON images (created_at, id) WHERE deleted_at IS NULL AND visibility = 'community';
CREATE INDEX ix_images_gone ON images (updated_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX ix_images_owner_created_at ON images (owner, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_images_owner_name ON images (owner, sort_name, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_images_owner_size ON images (owner, sort_size, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_images_owner_updated_at ON images (owner, updated_at, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_images_public_created_at ON images (created_at, id) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX ix_images_public_name ON images (sort_name, created_at, id) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX ix_images_public_size ON images (sort_size, created_at, id) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX ix_images_public_updated_at ON images (updated_at, created_at, id) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX ix_image_properties_image_id ON image_properties (image_id);
CREATE INDEX ix_image_tags_image_id ON image_tags (image_id);
CREATE INDEX ix_image_members_member ON image_members (member, created_at, image_id);
CREATE INDEX ix_blobs_image_id ON blobs (image_id);
CREATE INDEX ix_application_credentials_project_id ON application_credentials (project_id);
COMMIT;
