"""What schemathesis must be told to ask Calotype: JSON goes by other names, too. It loads this file by itself."""

import schemathesis

schemathesis.serializer.alias("application/openstack-images-v2.1-json-patch", "application/json")
schemathesis.serializer.alias("application/openstack-images-v2.0-json-patch", "application/json")
