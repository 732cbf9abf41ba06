/**
 * The files that a guest's life or an operator's secret hangs on: what decides, what is written down before it is done,
 * what reads the words of others, and what quotes ours. Every branch of them is taken by a unit test, and `npm run
 * coverage` fails where one is not. Everything else is covered as far as its tests go, without a check.
 */
export const safetyCore: readonly string[] = [
  // The fold of a journal, the table that decides from it, and the words for what was decided.
  'main/engine/{observation,state,decide,explain,step-table,steps,step-context}.ts',
  // What carries out what was decided: intent, act, result; what is seen meanwhile; the paths of a connection that lives.
  'main/engine/{run,operator-requests,sending,stopwatch,observer,within,live-paths,recovery,peer-verdict,path-lease}.ts',
  // Whether what the source has connected to is the destination, and who else has come.
  'main/engine/strangers.ts',
  // Which paths may be left out or taken away while the guest depends on the others, and what is given back to a host.
  'main/engine/{excluded-subflows,subflow-events}.ts',
  'main/mptcp/plan/change.ts',
  'main/hosts/path-leases/lent-facts.ts',
  // What the destination must be, and which ports and passwords it gets.
  'main/engine/{unlike,display-passwords,migration-port,port-counts}.ts',
  // The journal: an entry that is lost or misread is a step that a successor does twice, or never.
  'main/storage/{journal,reading,line,lines-of,durable-file,plain-file,file-failure,lock,paths}.ts',
  // Between bytes and QMP messages: framing, numbers, which answer belongs to which command.
  'main/qmp/{frames,json,messages,ledger,outbox,wire,shape}.ts',
  // Addresses as QEMU writes them: one that is misquoted leads elsewhere, or loses MPTCP silently.
  'main/qmp/address/*.ts',
  // The source's command line, read and quoted again for the destination.
  'main/hosts/command-line/*.ts',
  // What has changed since: it becomes the destination's disks and devices.
  'main/hosts/carry-over/*.ts',
  'main/hosts/swtpm/{tpm-arguments,tpm-files}.ts',
  // Whether the destination gets the disks: what excludes a QEMU from an image, and what of that may be passed over.
  'main/hosts/disks/{file-lock,image-lock,lock-table,held-locks,open-again,disks-can-be-taken,disk-findings}.ts',
  'main/engine/disk-takeover.ts',
  'main/likeness/open-image.ts',
  'main/hosts/process/{descriptor-info,process-stat,process-status,unix-sockets}.ts',
  // Whose process it is, what may be executed, and with which rights.
  'main/hosts/authority/{environment,handled,path-steps,rights,user-ids}.ts',
  // What leaves the machine: secrets out, markup escaped.
  'main/redaction/*.ts',
  'main/export/markup.ts',
  'contract/plain-text.ts',
  // Who may come in, and what outlives a fault of ours.
  'main/webhost/doorkeeper.ts',
  'native/netlink/socket-owner.ts',
  'main/app/{persistent-run,escaped}.ts',
  // The kernel's own words.
  'native/netlink/{attributes,message,acknowledgement,mptcp-endpoint,mptcp-event,subflow-ulp,ip-family}.ts',
];
