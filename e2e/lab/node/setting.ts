/** What the parts of a node are configured with. */
export interface NodeSetting {
  /** Run folder of the lab. */
  run: string;
  /** Folder of certificates and kubeconfigs. */
  keys: string;
  /** Name of the node. */
  name: string;
  /** Its address. */
  address: string;
}
