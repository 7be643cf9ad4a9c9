import type { ProcessMeter } from '@process-meter/crds';
import type { ObjectMeta } from '../runtime/index.ts';
import type { Release } from '../release/catalogue.ts';
import { objectLabels, type Component } from './labels.ts';
import { namesOf, type Names } from './names.ts';

/** What is known of an installation once its bindings are: all that the renders need. */
export interface Installation {
  name: string;
  namespace: string;
  spec: ProcessMeter['spec'];
  release: Release;
  names: Names;
}

export function installationOf(processMeter: ProcessMeter, release: Release): Installation {
  const { name, namespace = 'default' } = processMeter.metadata;
  return { name, namespace, spec: processMeter.spec, release, names: namesOf(name) };
}

export function metadataOf(installation: Installation, component: Component, name: string): ObjectMeta {
  const { namespace } = installation;
  return { name, namespace, labels: objectLabels(component, installation.name, installation.name) };
}

/** Where the database and the message servers are. */
export interface Bindings {
  database: { secretRef: { name: string; key: string } };
  messaging: {
    servers: string[];
    trustSecretRef: { name: string };
    streamReplicas: number;
    streamSize: string;
    /** Authorities that agents trust, where the operator knows them. */
    authoritiesSecretRef?: { name: string; key: string };
  };
}
