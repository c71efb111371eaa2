// What a user of gophercloud does: log in, and then a task. Reads how and which from standard input, as a JSON object; writes
// what came of it as JSON. Run by tests/clients/test_matrix.py and test_v2_gophercloud.py; Debian's package
// golang-github-gophercloud-gophercloud-dev has the library, whose image client speaks version 2 only.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
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

// tasks by name; each gives what is written.
var tasks = map[string]func(*gophercloud.ProviderClient, map[string]string) (interface{}, error){
	"projects": listProjects,
	"images":   listImages,
	"life":     life,
	"share":    share,
	"refusals": refusals,
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
	found, err := tasks[given["task"]](provider, given)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
