import { ANNOTATIONS } from '@process-meter/crds';
import { JOBS, SERVICE_ACCOUNTS } from '../resources.ts';
import { contentHash, type Desired } from '../runtime/index.ts';
import { imageOf } from './images.ts';
import { metadataOf, type Bindings, type Installation } from './installation.ts';
import { RESTRICTED_CONTAINER, USERS, jobPodTemplate } from './pod.ts';
import { desired } from './tidy.ts';

/**
 * The Job that brings the database to the schema of the release, named by what it runs and on which database: another
 * release or another database is another Job. A Job that failed stays, for people to read its log.
 */
export function migrationJob(installation: Installation, bindings: Bindings, database: string): Desired[] {
  const { spec, release, names, name } = installation;
  const image = imageOf(spec.images, release, 'Manager');
  const metadata = metadataOf(installation, 'migration', names.migrate);
  const template = jobPodTemplate({
    component: 'migration',
    instance: name,
    fields: {},
    annotations: {},
    labels: metadata.labels ?? {},
    serviceAccount: names.migrate,
    user: USERS.app,
    graceSeconds: 30,
    pullSecrets: spec.images.pullSecrets,
    containers: [
      {
        name: 'migrate',
        image,
        imagePullPolicy: spec.images.pullPolicy,
        command: ['node', 'cli.js', 'migrate'],
        workingDir: '/app',
        env: [{ name: 'PM_DATABASE_URL', valueFrom: { secretKeyRef: bindings.database.secretRef } }],
        securityContext: RESTRICTED_CONTAINER,
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  });
  const jobName = `${names.migrate}-${contentHash({ template, database }).slice(0, 10)}`;
  return [
    desired(SERVICE_ACCOUNTS, { metadata, automountServiceAccountToken: false }),
    desired(JOBS, {
      metadata: { ...metadata, name: jobName, annotations: { [ANNOTATIONS.schema]: release.schema } },
      spec: { activeDeadlineSeconds: 3600, backoffLimit: 4, template },
    }),
  ];
}
