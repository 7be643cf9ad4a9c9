/** Names of what one ProcessMeter has made, by its own name. People meet them in `kubectl get`; they never change. */
export const namesOf = (processMeter: string) => ({
  admin: `${processMeter}-admin`,
  service: `${processMeter}-service`,
  trust: `${processMeter}-trust`,
  nats: `${processMeter}-nats`,
  natsHeadless: `${processMeter}-nats-headless`,
  /** Secrets: the operator's own authorities, the certificate by them, and the one by cert-manager. */
  authority: `${processMeter}-authority`,
  natsServer: `${processMeter}-nats-server`,
  natsCertificate: `${processMeter}-nats-certificate`,
  postgres: `${processMeter}-postgres`,
  migrate: `${processMeter}-migrate`,
  backup: `${processMeter}-backup`,
  manager: `${processMeter}-manager`,
  ingest: `${processMeter}-ingest`,
  portal: `${processMeter}-portal`,
  web: `${processMeter}-web`,
  policy: `${processMeter}-network`,
});
export type Names = ReturnType<typeof namesOf>;

export const PORTS = {
  manager: 8080,
  ingest: 8081,
  portal: 3000,
  nats: 4222,
  natsRoutes: 6222,
  natsMonitor: 8222,
  postgres: 5432,
};

/** Address of the Manager for everyone in the cluster. */
export function managerUrl(processMeter: string, namespace: string): string {
  return `http://${namesOf(processMeter).manager}.${namespace}.svc:${PORTS.manager}`;
}
