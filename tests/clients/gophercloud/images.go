package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/imagedata"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/images"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/members"
)

type object = map[string]interface{}

func service(provider *gophercloud.ProviderClient) (*gophercloud.ServiceClient, error) {
	return openstack.NewImageServiceV2(provider, gophercloud.EndpointOpts{})
}

// names of all images that a filter finds, walked in pages.
func names(client *gophercloud.ServiceClient, opts images.ListOpts) ([]string, error) {
	found := []string{}
	pages, err := images.List(client, opts).AllPages()
	if err != nil {
		return nil, err
	}
	listed, err := images.ExtractImages(pages)
	for _, image := range listed {
		found = append(found, image.Name)
	}
	return found, err
}

func listImages(provider *gophercloud.ProviderClient, given map[string]string) (interface{}, error) {
	client, err := service(provider)
	if err != nil {
		return nil, err
	}
	return names(client, images.ListOpts{})
}

// create makes an image of this name with the data of a file, and gives it as it is afterwards.
func create(client *gophercloud.ServiceClient, name string, path string) (*images.Image, error) {
	visibility := images.ImageVisibilityShared
	made, err := images.Create(client, images.CreateOpts{
		Name: name, DiskFormat: "qcow2", ContainerFormat: "bare", MinRAM: 64, Visibility: &visibility,
		Tags: []string{"boot"}, Properties: map[string]string{"os_distro": "ipxe"},
	}).Extract()
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := imagedata.Upload(client, made.ID, file).ExtractErr(); err != nil {
		return nil, err
	}
	return images.Get(client, made.ID).Extract()
}

// download gives the SHA-256 of an image's data.
func download(client *gophercloud.ServiceClient, id string) (string, error) {
	body, err := imagedata.Download(client, id).Extract()
	if err != nil {
		return "", err
	}
	defer body.Close()
	digest := sha256.New()
	_, err = io.Copy(digest, body)
	return fmt.Sprintf("%x", digest.Sum(nil)), err
}

// filters are asked one by one; each gives the names it finds, in pages of two.
func filters(client *gophercloud.ServiceClient, image *images.Image) (object, error) {
	hourAgo := time.Now().UTC().Add(-time.Hour)
	asked := map[string]images.ListOpts{
		"name":       {Name: image.Name},
		"names":      {Name: "in:" + image.Name + ",nothing", Limit: 2},
		"tag":        {Tags: []string{"boot"}, Sort: "name:asc,created_at:desc", Limit: 2},
		"created":    {CreatedAtQuery: &images.ImageDateQuery{Date: hourAgo, Filter: images.FilterGTE}},
		"not so old": {UpdatedAtQuery: &images.ImageDateQuery{Date: hourAgo, Filter: images.FilterLT}},
		"format":     {DiskFormat: "in:qcow2,iso", SizeMin: image.SizeBytes, SizeMax: image.SizeBytes},
		"status":     {Status: images.ImageStatusQueued},
		"public":     {Visibility: images.ImageVisibilityPublic},
		"id":         {ID: image.ID},
	}
	found := object{}
	for what, opts := range asked {
		listed, err := names(client, opts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		found[what] = listed
	}
	return found, nil
}

// life of an image from its creation to its deletion; `path` has its data.
func life(provider *gophercloud.ProviderClient, given map[string]string) (interface{}, error) {
	client, err := service(provider)
	if err != nil {
		return nil, err
	}
	made, err := create(client, "by gophercloud", given["path"])
	if err != nil {
		return nil, err
	}
	found, err := filters(client, made)
	if err != nil {
		return nil, err
	}
	changed, err := images.Update(client, made.ID, images.UpdateOpts{
		images.ReplaceImageName{NewName: "renamed"},
		images.ReplaceImageTags{NewTags: []string{"tested"}},
		images.ReplaceImageMinDisk{NewMinDisk: 1},
		images.UpdateVisibility{Visibility: images.ImageVisibilityPrivate},
		images.UpdateImageProperty{Op: images.AddOp, Name: "hw_disk_bus", Value: "virtio"},
		images.UpdateImageProperty{Op: images.RemoveOp, Name: "os_distro"},
	}).Extract()
	if err != nil {
		return nil, err
	}
	digest, err := download(client, made.ID)
	if err != nil {
		return nil, err
	}
	if err := images.Delete(client, made.ID).ExtractErr(); err != nil {
		return nil, err
	}
	_, err = images.Get(client, made.ID).Extract()
	return object{"made": made, "filters": found, "changed": changed, "digest": digest,
		"afterwards": fmt.Sprintf("%T", err)}, nil
}

// share offers an image with the data of `path` to `member`, whose user accepts it.
func share(provider *gophercloud.ProviderClient, given map[string]string) (interface{}, error) {
	client, err := service(provider)
	if err != nil {
		return nil, err
	}
	theirs, err := logIn(map[string]string{"url": given["url"], "username": given["their_username"],
		"password": given["their_password"], "domain_name": "Default", "project_name": given["their_project_name"]})
	if err != nil {
		return nil, err
	}
	their, err := service(theirs)
	if err != nil {
		return nil, err
	}
	image, err := create(client, "passed on", given["path"])
	if err != nil {
		return nil, err
	}
	offered, err := members.Create(client, image.ID, given["member"]).Extract()
	if err != nil {
		return nil, err
	}
	accepted, err := members.Update(their, image.ID, given["member"], members.UpdateOpts{Status: "accepted"}).Extract()
	if err != nil {
		return nil, err
	}
	seen, err := names(their, images.ListOpts{MemberStatus: images.ImageMemberStatusAccepted})
	if err != nil {
		return nil, err
	}
	pages, err := members.List(client, image.ID).AllPages()
	if err != nil {
		return nil, err
	}
	listed, err := members.ExtractMembers(pages)
	if err != nil {
		return nil, err
	}
	if err := members.Delete(client, image.ID, given["member"]).ExtractErr(); err != nil {
		return nil, err
	}
	_, err = images.Get(their, image.ID).Extract()
	return object{"offered": offered, "accepted": accepted, "seen": seen, "members": listed,
		"afterwards": fmt.Sprintf("%T", err)}, nil
}

// refusals are the types of the errors that users tell apart.
func refusals(provider *gophercloud.ProviderClient, given map[string]string) (interface{}, error) {
	client, err := service(provider)
	if err != nil {
		return nil, err
	}
	visibility := images.ImageVisibilityPublic
	_, unknown := images.Get(client, "3c3d1d01-b48a-4639-8a88-08be3b9b5d78").Extract()
	_, format := images.Create(client, images.CreateOpts{Name: "odd", DiskFormat: "floppy"}).Extract()
	_, public := images.Create(client, images.CreateOpts{Name: "for all", Visibility: &visibility}).Extract()
	found := object{}
	for what, err := range map[string]error{"unknown": unknown, "format": format, "public": public} {
		found[what] = []string{fmt.Sprintf("%T", err), fmt.Sprint(err)}
	}
	return found, nil
}
