{{/* Made from operator/src/rights.ts. What the operator may do in a namespace it looks after. */}}
{{- define "operator.rights.namespace" -}}
- apiGroups:
    - processmeter.io
  resources:
    - processmeters
    - processmeterbackups
    - processmeterrestores
    - monitoredapplications
    - licensepools
    - applicationpolicies
    - licenseservers
    - rentaloffers
  verbs:
    - get
    - list
    - watch
- apiGroups:
    - processmeter.io
  resources:
    - managers
    - ingests
    - portals
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - processmeter.io
  resources:
    - processmeters/status
    - managers/status
    - ingests/status
    - portals/status
    - processmeterbackups/status
    - processmeterrestores/status
    - monitoredapplications/status
    - licensepools/status
    - applicationpolicies/status
    - licenseservers/status
    - rentaloffers/status
  verbs:
    - patch
- apiGroups:
    - processmeter.io
  resources:
    - processmeters/finalizers
    - managers/finalizers
    - ingests/finalizers
    - portals/finalizers
    - processmeterbackups/finalizers
    - processmeterrestores/finalizers
  verbs:
    - update
- apiGroups:
    - ""
  resources:
    - configmaps
    - services
    - serviceaccounts
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - ""
  resources:
    - secrets
  verbs:
    - get
    - list
    - watch
    - create
    - patch
- apiGroups:
    - ""
  resources:
    - persistentvolumeclaims
  verbs:
    - get
    - patch
- apiGroups:
    - ""
  resources:
    - namespaces
  verbs:
    - get
- apiGroups:
    - ""
  resources:
    - pods
  verbs:
    - list
- apiGroups:
    - apps
  resources:
    - deployments
    - statefulsets
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - batch
  resources:
    - jobs
    - cronjobs
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - policy
  resources:
    - poddisruptionbudgets
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - networking.k8s.io
  resources:
    - ingresses
    - networkpolicies
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
- apiGroups:
    - gateway.networking.k8s.io
  resources:
    - httproutes
  verbs:
    - get
    - create
    - patch
    - delete
- apiGroups:
    - cert-manager.io
  resources:
    - certificates
  verbs:
    - get
    - create
    - patch
    - delete
- apiGroups:
    - postgresql.cnpg.io
  resources:
    - clusters
  verbs:
    - get
    - create
    - patch
- apiGroups:
    - events.k8s.io
  resources:
    - events
  verbs:
    - create
    - patch
{{- end }}

{{/* What the operator may do in its own namespace: agree on who works. */}}
{{- define "operator.rights.leader" -}}
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  verbs:
    - create
- apiGroups:
    - coordination.k8s.io
  resources:
    - leases
  resourceNames:
    - {{ include "operator.fullname" . }}
  verbs:
    - get
    - update
{{- end }}
