module process-meter/lab/helm4

go 1.26.8

tool helm.sh/helm/v4/cmd/helm

require helm.sh/helm/v4 v4.3.1
