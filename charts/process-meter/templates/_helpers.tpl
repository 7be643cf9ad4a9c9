{{- define "meter.name" -}}
{{- $name := default .Release.Name .Values.name }}
{{- if or (gt (len $name) 40) (not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name)) }}
{{- fail (printf "the ProcessMeter cannot be called %q: set name to at most 40 characters of a-z, 0-9 and -, a letter first" $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{- define "meter.labels" -}}
app.kubernetes.io/name: process-meter
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: process-meter
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* `metadata` without name and namespace. Takes the root and what this object adds: (list . labels annotations). */}}
{{- define "meter.metadata" -}}
{{- $root := index . 0 }}
{{- $labels := merge (dict) (include "meter.labels" $root | fromYaml) (default dict (index . 1)) $root.Values.commonLabels -}}
{{- $annotations := merge (dict) (default dict (index . 2)) $root.Values.commonAnnotations -}}
labels:
{{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
{{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Image overrides as the resource lists them, as JSON. */}}
{{- define "meter.imageOverrides" -}}
{{- $overrides := list }}
{{- range $part := list "manager" "ingest" "portal" "nats" "postgres" }}
{{- $given := dict }}
{{- range $key, $value := get $.Values.images $part }}
{{- if $value }}{{- $_ := set $given $key $value }}{{- end }}
{{- end }}
{{- if $given }}
{{- $overrides = append $overrides (merge (dict "component" (title $part)) $given) }}
{{- end }}
{{- end }}
{{- toJson $overrides }}
{{- end }}

{{- define "meter.pullSecrets" -}}
{{- $secrets := concat .Values.global.imagePullSecrets .Values.images.pullSecrets }}
{{- if .Values.secrets.registry.server }}
{{- $secrets = append $secrets (dict "name" (printf "%s-chart-registry" (include "meter.name" .))) }}
{{- end }}
{{- $secrets | uniq | toJson }}
{{- end }}

{{/* Only the member that the mode names goes into the resource; another that is given is a mistake. */}}
{{- define "meter.onlyMember" -}}
{{- $what := index . 0 }}
{{- $binding := index . 1 }}
{{- $members := index . 2 }}
{{- range $mode, $member := $members }}
{{- if and (ne $mode $binding.mode) (get $binding $member) }}
{{- fail (printf "%s.%s is given, but %s.mode is %s" $what $member $what $binding.mode) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The database of the resource, as JSON. */}}
{{- define "meter.database" -}}
{{- $database := .Values.database }}
{{- $members := dict "External" "external" "CloudNativePG" "cloudNativePG" "Embedded" "embedded" }}
{{- include "meter.onlyMember" (list "database" $database $members) }}
{{- $member := get $database (get $members $database.mode) }}
{{- if .Values.secrets.databaseUri }}
{{- if ne $database.mode "External" }}{{- fail "secrets.databaseUri is for database.mode External only" }}{{- end }}
{{- if $member }}{{- fail "give either secrets.databaseUri or database.external, not both" }}{{- end }}
{{- $member = dict "secretRef" (dict "name" (printf "%s-chart-database" (include "meter.name" .))) }}
{{- end }}
{{- if and (eq $database.mode "External") (not $member) }}
{{- fail "database.mode External needs database.external.secretRef.name, a Secret with the connection URI, or secrets.databaseUri" }}
{{- end }}
{{- if and (eq $database.mode "CloudNativePG") (not $member) }}
{{- fail "database.mode CloudNativePG needs database.cloudNativePG.clusterRef.name or database.cloudNativePG.create" }}
{{- end }}
{{- dict "mode" $database.mode (get $members $database.mode) $member | toJson }}
{{- end }}

{{/* The messaging of the resource, as JSON. */}}
{{- define "meter.messaging" -}}
{{- $messaging := .Values.messaging }}
{{- $members := dict "External" "external" "Embedded" "embedded" }}
{{- include "meter.onlyMember" (list "messaging" $messaging $members) }}
{{- $member := deepCopy (get $messaging (get $members $messaging.mode)) }}
{{- if .Values.secrets.trust }}
{{- if ne $messaging.mode "External" }}{{- fail "secrets.trust is for messaging.mode External only" }}{{- end }}
{{- if $member.trustSecretRef }}{{- fail "give either secrets.trust or messaging.external.trustSecretRef, not both" }}{{- end }}
{{- $_ := set $member "trustSecretRef" (dict "name" (printf "%s-chart-trust" (include "meter.name" .))) }}
{{- end }}
{{- if and (eq $messaging.mode "External") (not (and $member.servers $member.trustSecretRef)) }}
{{- fail "messaging.mode External needs messaging.external.servers and messaging.external.trustSecretRef.name, or secrets.trust" }}
{{- end }}
{{- $result := dict "mode" $messaging.mode (get $members $messaging.mode) $member }}
{{- with $messaging.publicServers }}{{- $_ := set $result "publicServers" . }}{{- end }}
{{- toJson $result }}
{{- end }}

{{/* The Manager of the resource, as JSON. */}}
{{- define "meter.manager" -}}
{{- $manager := deepCopy .Values.manager }}
{{- if .Values.secrets.adminPassword }}
{{- if $manager.adminSecretRef }}{{- fail "give either secrets.adminPassword or manager.adminSecretRef, not both" }}{{- end }}
{{- $_ := set $manager "adminSecretRef" (dict "name" (printf "%s-chart-admin" (include "meter.name" .))) }}
{{- end }}
{{- toJson $manager }}
{{- end }}
