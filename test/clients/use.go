// A program with the AWS SDK for Go: uses its credentials at the STS of the first argument, once for each line on
// stdin. Says on stdout, as a line of JSON, whose they are, or what a user reads. "age" drops them first: the SDK's
// clock is out of reach.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

type said struct {
	Arn         string `json:"arn,omitempty"`
	AccessKeyID string `json:"accessKeyId,omitempty"`
	Error       string `json:"error,omitempty"`
}

func use(ctx context.Context, cfg aws.Config, endpoint string) (said, error) {
	client := sts.NewFromConfig(cfg, sts.WithEndpointResolver(sts.EndpointResolverFromURL(endpoint)))
	identity, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return said{}, err
	}
	credentials, err := cfg.Credentials.Retrieve(ctx)
	return said{Arn: aws.ToString(identity.Arn), AccessKeyID: credentials.AccessKeyID}, err
}

func main() {
	ctx := context.Background()
	cfg, loadErr := config.LoadDefaultConfig(ctx)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		answer, err := said{}, loadErr
		if err == nil {
			if cache, ok := cfg.Credentials.(*aws.CredentialsCache); ok && lines.Text() == "age" {
				cache.Invalidate()
			}
			answer, err = use(ctx, cfg, os.Args[1])
		}
		if err != nil {
			answer = said{Error: err.Error()}
		}
		text, _ := json.Marshal(answer)
		fmt.Println(string(text))
	}
}
