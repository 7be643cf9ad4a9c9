/** What is run on a computer, in the desktop session to be metered, to enrol its agent. The token is used once. */
export function enrolmentCommand(managerUrl: string, token: string): string {
  return [
    `PM_MANAGER_URL=${managerUrl}`,
    'PM_STATE_DIR="$HOME/.local/state/process-meter"',
    `PM_ENROL_TOKEN=${token}`,
    'node agent/src/main.ts',
  ].join(' ');
}
