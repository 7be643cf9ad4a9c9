/** Who sent a batch, as the database knows it. */
export interface Sender {
  agent: number;
  account: number;
  /** External names, for subjects. */
  agentName: string;
  accountName: string;
}
