{{/* What the operator may do in a namespace it looks after. */}}
{{- define "operator.rights.namespace" -}}
- apiGroups:
    - processmeter.io
  resources:
    - processmeters
    - licensepools
    - monitoredapplications
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
    - licensepools/status
    - monitoredapplications/status
    - applicationpolicies/status
    - licenseservers/status
    - rentaloffers/status
  verbs:
    - patch
- apiGroups:
    - ""
  resources:
    - configmaps
    - secrets
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
    - networkpolicies
    - ingresses
  verbs:
    - get
    - list
    - watch
    - create
    - patch
    - delete
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
