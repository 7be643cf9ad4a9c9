module process-meter/lab/helm3

go 1.26.8

tool helm.sh/helm/v3/cmd/helm

require helm.sh/helm/v3 v3.22.0
