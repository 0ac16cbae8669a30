// Command logs is the part of a kubelet that answers `kubectl logs`: it reads the Pod from the API server and makes
// the lines from the container's image and state, so that an image named "crash" has the log of a program that died.
// kwok's own log objects choose by Pod name alone, and no test knows the name of a Pod beforehand.
//
// usage: logs ADDRESS API-URL CA CLIENT-CERT CLIENT-KEY SERVER-CERT SERVER-KEY
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// pod holds what the lines are made from.
type pod struct {
	Spec struct {
		Containers     []container `json:"containers"`
		InitContainers []container `json:"initContainers"`
	} `json:"spec"`
	Status struct {
		Containers     []status `json:"containerStatuses"`
		InitContainers []status `json:"initContainerStatuses"`
	} `json:"status"`
}

type container struct {
	Name  string `json:"name"`
	Image string `json:"image"`
}

type status struct {
	Name         string `json:"name"`
	RestartCount int    `json:"restartCount"`
	State        state  `json:"state"`
	LastState    state  `json:"lastState"`
}

type state struct {
	Waiting    *struct{ Reason string }    `json:"waiting"`
	Running    *struct{ StartedAt string } `json:"running"`
	Terminated *struct{ StartedAt string } `json:"terminated"`
}

// kubelet asks the API server at api through client.
type kubelet struct {
	api    string
	client *http.Client
}

func main() {
	if len(os.Args) != 8 {
		fmt.Fprintln(os.Stderr, "usage: logs ADDRESS API-URL CA CLIENT-CERT CLIENT-KEY SERVER-CERT SERVER-KEY")
		os.Exit(2)
	}
	address, api, ca := os.Args[1], os.Args[2], os.Args[3]
	pair, err := tls.LoadX509KeyPair(os.Args[4], os.Args[5])
	fail(err)
	authority, err := os.ReadFile(ca)
	fail(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	k := kubelet{api: api, client: &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}},
	}}}
	http.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.serve)
	fail(http.ListenAndServeTLS(address, os.Args[6], os.Args[7], nil))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (k kubelet) serve(w http.ResponseWriter, r *http.Request) {
	namespace, name, wanted := r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container")
	p, err := k.read(r, namespace, name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	image, now := p.find(wanted)
	query := r.URL.Query()
	started, refusal := running(name, wanted, now, query.Get("previous") == "true")
	if refusal != "" {
		// Without a line end: the API server puts these words into its own Status.
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, refusal)
		return
	}
	lines := tail(lines(image), query.Get("tailLines"))
	w.Header().Set("Content-Type", "text/plain")
	for _, line := range lines {
		if query.Get("timestamps") == "true" {
			line = started + " " + line
		}
		fmt.Fprintln(w, line)
	}
	if query.Get("follow") == "true" && now.State.Running != nil {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func (k kubelet) read(r *http.Request, namespace, name string) (pod, error) {
	var p pod
	url := fmt.Sprintf("%s/api/v1/namespaces/%s/pods/%s", k.api, namespace, name)
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, url, nil)
	if err != nil {
		return p, err
	}
	response, err := k.client.Do(request)
	if err != nil {
		return p, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return p, fmt.Errorf("reading pod %s/%s: %s", namespace, name, response.Status)
	}
	return p, json.NewDecoder(response.Body).Decode(&p)
}

func (p pod) find(name string) (image string, now status) {
	for _, c := range append(p.Spec.Containers, p.Spec.InitContainers...) {
		if c.Name == name {
			image = c.Image
		}
	}
	for _, s := range append(p.Status.Containers, p.Status.InitContainers...) {
		if s.Name == name {
			now = s
		}
	}
	return image, now
}

// running returns when the container that is asked for started, or a kubelet's words why there is none.
func running(pod, container string, now status, previous bool) (started, refusal string) {
	if previous {
		if now.LastState.Terminated == nil {
			return "", fmt.Sprintf("previous terminated container %q in pod %q not found", container, pod)
		}
		return now.LastState.Terminated.StartedAt, ""
	}
	switch {
	case now.State.Running != nil:
		return now.State.Running.StartedAt, ""
	case now.State.Terminated != nil:
		return now.State.Terminated.StartedAt, ""
	case now.LastState.Terminated != nil:
		return now.LastState.Terminated.StartedAt, ""
	case now.State.Waiting != nil && strings.HasPrefix(now.State.Waiting.Reason, "ErrImage"):
		return "", fmt.Sprintf("container %q in pod %q is waiting to start: image can't be pulled", container, pod)
	case now.State.Waiting != nil && now.State.Waiting.Reason == "ImagePullBackOff":
		return "", fmt.Sprintf("container %q in pod %q is waiting to start: trying and failing to pull image", container, pod)
	default:
		return "", fmt.Sprintf("container %q in pod %q is waiting to start: ContainerCreating", container, pod)
	}
}

// lines is what a program of that image says.
func lines(image string) []string {
	start := fmt.Sprintf(`level=info msg="starting" image=%q pid=1`, image)
	if strings.Contains(image, "crash") {
		return []string{
			start,
			`level=info msg="reading configuration" path=/etc/app/config.yaml`,
			`level=error msg="configuration not readable" error="no such file or directory"`,
			"panic: cannot open configuration /etc/app/config.yaml",
		}
	}
	return []string{start, `level=info msg="ready" listening=:8080`}
}

func tail(all []string, count string) []string {
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n >= len(all) {
		return all
	}
	return all[len(all)-n:]
}
