"""Everything a dialect may ask for, in one value that `app.py` fills."""

from dataclasses import dataclass

from calotype.service.accounts import Accounts
from calotype.service.deletions import Deletions
from calotype.service.directory import Directory
from calotype.service.downloads import Downloads
from calotype.service.edits import Edits
from calotype.service.grants import Grants
from calotype.service.images import Images
from calotype.service.locations import Locations
from calotype.service.members import Members
from calotype.service.offers import Offers
from calotype.service.options import ServiceOptions
from calotype.service.quotas import Quotas
from calotype.service.stores import NamedStores
from calotype.service.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Services:
    images: Images
    edits: Edits
    uploads: Uploads
    downloads: Downloads
    deletions: Deletions
    locations: Locations
    stores: NamedStores
    quotas: Quotas
    members: Members
    offers: Offers
    accounts: Accounts
    directory: Directory
    grants: Grants
    options: ServiceOptions
    v1_enabled: bool
