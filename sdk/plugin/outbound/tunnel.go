package outbound

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// tunnel asks a proxy to connect the connection with the target.
func tunnel(ctx context.Context, conn net.Conn, proxy *url.URL, target string) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	ask := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	if u := proxy.User; u != nil {
		password, _ := u.Password()
		ask.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	if err := ask.Write(conn); err != nil {
		return err
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, ask)
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	_ = resp.Body.Close() // of a CONNECT that worked: nothing
	switch {
	case resp.StatusCode != http.StatusOK:
		return errors.New("the proxy answers " + words(resp.StatusCode))
	case r.Buffered() > 0:
		return errors.New("the proxy sent more than an answer")
	case !stop():
		return ctx.Err()
	}
	return nil
}
