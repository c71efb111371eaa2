package main

import (
	"fmt"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/users"
	"github.com/gophercloud/gophercloud/pagination"
)

// userID is who has logged in. A token is looked up, anything else is exchanged for one: two types of result.
func userID(provider *gophercloud.ProviderClient) (string, error) {
	result, hasUser := provider.GetAuthResult().(interface {
		ExtractUser() (*tokens.User, error)
	})
	if !hasUser {
		return "", fmt.Errorf("not logged in by version 3")
	}
	user, err := result.ExtractUser()
	if err != nil {
		return "", err
	}
	return user.ID, nil
}

// listProjects names the projects of the caller, or with `all` those there are.
func listProjects(provider *gophercloud.ProviderClient, given map[string]string) (interface{}, error) {
	identity, err := openstack.NewIdentityV3(provider, gophercloud.EndpointOpts{})
	if err != nil {
		return nil, err
	}
	var pager pagination.Pager
	if given["all"] != "" {
		pager = projects.List(identity, projects.ListOpts{})
	} else {
		user, err := userID(provider)
		if err != nil {
			return nil, err
		}
		pager = users.ListProjects(identity, user)
	}
	pages, err := pager.AllPages()
	if err != nil {
		return nil, err
	}
	found, err := projects.ExtractProjects(pages)
	names := []string{}
	for _, project := range found {
		names = append(names, project.Name)
	}
	return names, err
}
