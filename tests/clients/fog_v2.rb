# What a user of fog does with version 2 of the Image API. Reads from standard input the name of a task and the options of
# a connection, as JSON; writes what the task found out. Run by tests/clients/test_v2_fog.py and test_matrix.py.

require 'digest'
require 'json'
require 'fog/openstack'

VERSION = Fog::OpenStack::VERSION

def list(images, _given)
  { 'names' => images.list_images.body['images'].map { |image| image['name'] } }
end

# An image from its creation to its deletion; `given` has the path of its data.
def life(service, given)
  image = service.images.create(name: 'by fog', disk_format: 'qcow2', container_format: 'bare', min_ram: 64, os: 'linux')
  found = { 'queued' => image.status }
  image.upload_data(File.open(given['path'], 'rb'))
  found['filled'] = service.get_image_by_id(image.id).body
  found['by name'] = service.images.find_by_name('by fog').map(&:id)
  found['filtered'] = service.list_images(os: 'linux', sort: 'name:asc', limit: 1).body['images'].map { |one| one['id'] }
  image.add_tags(%w[boot tested])
  image.remove_tag('boot')
  found['updated'] = image.update(name: 'late', arch: 'arm', os: nil).attributes
  found['tags'] = service.images.get(image.id).tags
  found.merge('data' => data_of(image), 'inactive' => inactive(image), 'deleted' => image.destroy,
              'afterwards' => service.images.get(image.id))
end

# The digest of the image's data, as one text and as it comes in pieces.
def data_of(image)
  pieces = Digest::SHA256.new
  image.download_data(response_block: ->(piece, _left, _whole) { pieces << piece })
  [Digest::SHA256.hexdigest(image.download_data), pieces.hexdigest]
end

# What a download says while the image is deactivated.
def inactive(image)
  image.deactivate
  error_of(-> { image.download_data }).first
ensure
  image.reactivate
end

# An image offered to `given['project']`, and accepted by its user.
def share(service, given)
  theirs = Fog::OpenStack::Image::V2.new(given['theirs'].transform_keys(&:to_sym))
  image = service.images.create(name: 'passed on', visibility: 'shared')
  offered = image.add_member(given['project']).body['status']
  member = { 'member_id' => given['project'], 'status' => 'accepted' }
  accepted = theirs.images.get(image.id).update_member(member).body['status']
  found = { 'offered' => offered, 'accepted' => accepted, 'theirs' => theirs.images.all.map(&:name),
            'members' => image.members.map { |one| one['member_id'] }, 'member' => image.member(given['project'])['status'] }
  image.remove_member(given['project'])
  found.merge('left' => [image.members, theirs.images.get(image.id)])
end

# The errors a user rescues, and what they say.
def refusals(service, _given)
  errors = {
    'unknown' => -> { service.get_image_by_id('3c3d1d01-b48a-4639-8a88-08be3b9b5d78') },
    'format' => -> { service.create_image(name: 'odd', disk_format: 'floppy', container_format: 'bare') },
    'public' => -> { service.create_image(name: 'for all', visibility: 'public') }
  }
  { 'errors' => errors.transform_values { |call| error_of(call) } }
end

def error_of(call)
  call.call
  nil
rescue Excon::Error, Fog::Errors::Error => e
  [e.class.name, e.message]
end

given = JSON.parse($stdin.read)
begin
  images = Fog::OpenStack::Image::V2.new(given['connect'].transform_keys(&:to_sym))
  puts JSON.generate(method(given['task']).call(images, given).merge('version' => VERSION))
rescue Excon::Error, Fog::Errors::Error => e
  warn e.class.name
  exit 1
end
