// What a user of gophercloud does first: log in and list projects. Reads how from standard input, as a JSON object; writes
// the projects' names. Run by tests/clients/test_matrix.py; Debian's package golang-github-gophercloud-gophercloud-dev has
// the library, whose image client speaks version 2 only.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/openstack/identity/v3/users"
	"github.com/gophercloud/gophercloud/pagination"
)

// logIn says who the caller is, by whichever of the methods has its fields set.
func logIn(given map[string]string) (*gophercloud.ProviderClient, error) {
	return openstack.AuthenticatedClient(gophercloud.AuthOptions{
		IdentityEndpoint:            given["url"],
		Username:                    given["username"],
		UserID:                      given["user_id"],
		Password:                    given["password"],
		DomainName:                  given["domain_name"],
		TenantName:                  given["project_name"],
		TenantID:                    given["project_id"],
		TokenID:                     given["token"],
		ApplicationCredentialID:     given["credential_id"],
		ApplicationCredentialSecret: given["credential_secret"],
	})
}

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

// listProjects names the projects of the caller, or all there are.
func listProjects(provider *gophercloud.ProviderClient, all bool) ([]string, error) {
	identity, err := openstack.NewIdentityV3(provider, gophercloud.EndpointOpts{})
	if err != nil {
		return nil, err
	}
	var pager pagination.Pager
	if all {
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

func run() error {
	given := map[string]string{}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	provider, err := logIn(given)
	if err != nil {
		return err
	}
	names, err := listProjects(provider, given["all"] != "")
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(names)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
