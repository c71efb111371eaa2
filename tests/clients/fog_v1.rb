# What a user of fog does with version 1 of the Image API. Reads from standard input the name of a task and the options of
# a connection, as JSON; writes what the task found out. Run by tests/clients/test_fog.py and test_matrix.py.

require 'json'
require 'fog/openstack'

VERSION = Fog::OpenStack::VERSION

def list(images, _given)
  { 'names' => images.list_public_images.body['images'].map { |image| image['name'] } }
end

# An image from its creation to its deletion; `given` has the path of its data.
def life(images, given)
  created = images.create_image(name: 'by fog', disk_format: 'qcow2', container_format: 'bare', location: given['path'],
                                min_ram: 64, properties: { 'os' => 'linux' }).body['image']
  id = created['id']
  found = {
    'created' => created,
    'brief' => images.list_public_images(name: 'by fog').body['images'],
    'detailed' => images.list_public_images_detailed(name: 'by fog').body['images'],
    'head' => images.get_image(id).headers.to_h,
    'model' => images.images.find_by_id(id).attributes
  }
  found['updated'] = images.update_image(id: id, name: 'late', properties: { 'arch' => 'arm' }).body['image']
  found['deleted'] = images.delete_image(id).status
  found.merge('afterwards' => images.images.find_by_id(id))
end

# An image without data, made, renamed and destroyed as an object.
def model(images, _given)
  image = images.images.create(name: 'as an object')
  status = image.status
  image.name = 'renamed'
  renamed = image.update.name
  destroyed = image.destroy
  { 'status' => status, 'renamed' => renamed, 'destroyed' => destroyed, 'left' => images.images.all.map(&:id) & [image.id] }
end

# The errors a user rescues, and what they say.
def refusals(images, _given)
  errors = {
    'unknown' => -> { images.get_image('3c3d1d01-b48a-4639-8a88-08be3b9b5d78') },
    'format' => -> { images.create_image(name: 'odd', disk_format: 'floppy', container_format: 'bare') },
    'public' => -> { images.create_image(name: 'for all', is_public: true) }
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
  images = Fog::OpenStack::Image::V1.new(given['connect'].transform_keys(&:to_sym))
  puts JSON.generate(method(given['task']).call(images, given).merge('version' => VERSION))
rescue Excon::Error, Fog::Errors::Error => e
  warn e.class.name
  exit 1
end
