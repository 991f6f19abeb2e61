// Length: every type that crosses the door, one after another.
/**
 * What crosses the door between the window and the program behind it.
 *
 * Rules, so that the Rust side can mirror every type with serde's `rename_all = "camelCase"` and a `kind` tag:
 * - numbers are 32-bit or f64, at most 2^53; there is no 64-bit integer on this wire;
 * - unknown text is `""`, an unknown number is negative, so that channel payloads need no optional field;
 * - an instant is RFC 3339 in UTC (`2026-11-03T14:02:00Z`), `""` when there is none;
 * - a password goes in, in {@link LogInRequest} and {@link LogInAnswer}, and none ever comes out.
 */

/** Chosen by the window for every long piece of work, before it starts, so that it can be cancelled at any moment. */
export type OperationId = string;

// ---------------------------------------------------------------------------------------------- units

/** `running`; `readOnly`: not running from its primary folder; `starting`. */
export type UnitState = "running" | "readOnly" | "starting";

/** `udp` who_is, `tcp` Whois, `api` Management API answered. */
export type FoundBy = "udp" | "tcp" | "api";

/** How configurations are received and sent. `auto` goes by software version and capabilities. */
export type Method = "auto" | "service" | "tftp" | "api";

/** How a unit's configuration is reached, as far as it says; `none`: neither what it offers nor its version tells. */
export type FoundMethod = "none" | "service" | "tftp" | "api";

/** `pin`: trust on first use; `verified`: a certificate authority and the name; `none`: any; `off`: plain TCP. */
export type TlsLevel = "pin" | "verified" | "none" | "off";

/** Which services the unit said it offers; ports follow from `basePort` unless the site fixes them. */
export interface UnitServices {
  /** Where it answers TCP discovery. */
  discoveryPort: number;
  /** 0 when it is not known. */
  basePort: number;
  configuration: boolean;
  configurationTls: boolean;
  security: boolean;
  securityTls: boolean;
  tftp: boolean;
  managementApi: boolean;
  devlink3: boolean;
}

/** One unit that answered, already merged by MAC, else by address. */
export interface FoundUnit {
  name: string;
  address: string;
  /** Further addresses at which it answered. */
  otherAddresses: string[];
  /** The DNS names for which it was asked. */
  dnsNames: string[];
  /** The name of the saved site that it is; `""` for none. */
  site: string;
  /** `00:E0:07:AA:BB:CC`, or `""`. */
  mac: string;
  /** `IP 500 V2`. */
  type: string;
  /** `11.1.2.3 build 23`. */
  version: string;
  edition: string;
  state: UnitState;
  services: UnitServices;
  foundBy: FoundBy[];
  /** Milliseconds; negative when it was not measured. */
  roundTripMs: number;
  pingBlocked: boolean;
  method: FoundMethod;
  /** Whether this program can receive and send its configuration. */
  supported: boolean;
  /** Why there is no method, as a sentence; `""` where there is one. */
  noMethod: string;
  /** What does not fit together, as sentences. */
  warnings: string[];
}

export type UnidentifiedKind =
  | "portOpen"
  | "tlsOnly"
  | "refused"
  | "otherTftp"
  | "pingOnly"
  | "httpUnit"
  | "httpOther"
  | "snmpAvaya"
  | "snmpOther"
  | "other";

/** Something answers there and did not say that it is a unit. */
export interface Unidentified {
  address: string;
  /** 0 where only a ping was answered. */
  port: number;
  kind: UnidentifiedKind;
  /** What is there, as a sentence. */
  reason: string;
}

/** A saved site, or the one address that was asked for, that did not answer; and what must be open on the way there. */
export interface NoAnswer {
  address: string;
  /** The name of the saved site; `""` for what was asked for by its address or DNS name. */
  site: string;
  /** The DNS names for which it was asked. */
  dnsNames: string[];
  since: string;
  discoveryPort: number;
  configurationPort: number;
  configurationTlsPort: number;
}

export interface DiscoveryOptions {
  /** Unit/Broadcast Address. `""`: broadcast on every interface, the saved sites and the IP Search Criteria. */
  address: string;
  /** Asks by HTTP what answers and does not say that it is a unit. */
  identifyHttp: boolean;
  /** Asks it by SNMP in the name of this community; `""`: does not. */
  snmpCommunity: string;
  /** Searches interfaces with only a link-local address, too. */
  linkLocal: boolean;
}

export type DiscoveryEvent =
  /** `remainingMs` is negative while it can not be said. */
  | { kind: "progress"; asked: number; total: number; found: number; remainingMs: number }
  /** `row` names the unit for the rest of this search; a later event of the same row replaces it. */
  | { kind: "unit"; row: number; unit: FoundUnit }
  /** What looked like two units is one: `row` goes, and `into` holds everything. */
  | { kind: "merged"; row: number; into: number }
  | { kind: "unidentified"; unidentified: Unidentified }
  /** Told at the end. */
  | { kind: "noAnswer"; noAnswer: NoAnswer }
  | { kind: "problem"; problem: CriteriaProblem }
  /** Something that the person who searches should know, as a sentence. */
  | { kind: "notice"; text: string };

export interface DiscoverySummary {
  asked: number;
  found: number;
  elapsedMs: number;
}

/** An interface that broadcasts leave from. */
export interface Network {
  /** As a person calls it: `Ethernet`, `Wi-Fi`, `VPN`, else the system's name. */
  name: string;
  /** The system's name of the interface, `eth0`. */
  interface: string;
  /** This computer's address there. */
  address: string;
  /** `10.21.4.0/24`. */
  subnet: string;
  /** It has only a link-local address, and is searched on request. */
  linkLocal: boolean;
}

/** What became of a DNS name of the IP Search Criteria. */
export interface NameLookUp {
  name: string;
  addresses: string[];
  /** Why there is no address; `""` where there is one. */
  problem: string;
}

// ---------------------------------------------------------------------------------------------- sites

/** A saved unit. A port of 0 means: not fixed here. */
export interface Site {
  /** `""` in {@link Backend.saveSite} makes a new one; a known id changes that one, and brings a removed one back. */
  id: string;
  name: string;
  group: string;
  address: string;
  basePort: number;
  discoveryPort: number;
  tftpPort: number;
  securityPort: number;
  apiPort: number;
  method: Method;
  tls: TlsLevel;
  /** Everything but the password may travel readable where the unit offers no TLS. */
  allowPlain: boolean;
  /** The file with the certificate for a unit that lets nobody in without one; `""` for none. */
  clientCertificate: string;
  notes: string;
  /** What was last known of it, for the time when it does not answer. */
  mac: string;
  type: string;
  version: string;
  lastSeen: string;
  lastBackup: string;
}

/** What an action goes to: a saved site, or a unit that is only known by its address (`siteId` `""`). */
export interface Target {
  siteId: string;
  address: string;
  /** 0: what discovery or the preferences say. */
  basePort: number;
}

/** What is kept on this computer about a unit. */
export interface TargetFacts {
  /** SHA-256 of the pinned certificate, upper case with colons; `""` without a pin. */
  fingerprint: string;
  pinnedOn: string;
  /** The service user of the last log-in that worked; `""` when there was none. */
  user: string;
  /** Its password is known to be in the keychain, which is not asked for this. */
  remembered: boolean;
  /** Somebody is logged in now. */
  loggedIn: boolean;
  lastBackup: string;
}

/** A file that somebody chose for its client certificate. */
export interface ChosenCertificate {
  /** `""` when nobody chose one. */
  file: string;
  /** It needs a password that the keychain does not have. */
  locked: boolean;
}

// ---------------------------------------------------------------------------------------------- criteria, preferences

/** A bad entry of the IP Search Criteria. */
export interface CriteriaProblem {
  entry: string;
  /** Which entry it is, from 1. */
  position: number;
  /** Where it begins, in bytes of UTF-8 from the start of the text. */
  byteOffset: number;
  /** It is a name that has no address now; as an entry it is right. Of a saved site `entry` is the site's name. */
  unresolved: boolean;
  reason: string;
}

export interface CriteriaCheck {
  addresses: number;
  problems: CriteriaProblem[];
}

export interface Preferences {
  searchCriteria: string;
  /** Further broadcast addresses beside those of the interfaces; separated like the criteria. */
  broadcastAddresses: string;
  /** 49152–65526. */
  servicesBasePort: number;
  /** Milliseconds to wait for one probe's answer, 100–60000. */
  probeTimeoutMs: number;
  /** How often each address is asked, 1–10. */
  probeAttempts: number;
  /** Probes on their way at once, 1–1024. */
  probeConcurrency: number;
  /** Seconds, 1–60. */
  connectTimeoutS: number;
  /** Seconds without a byte that count as a cut, 1–120. */
  transferTimeoutS: number;
  /** Connections that one transfer may use in all, 1–20. */
  transferTries: number;
  /** Minutes after which a log-in that is not used is forgotten, 1–1440. */
  idleMinutes: number;
  legacyReadFile: string;
  legacyWriteFile: string;
  legacyRebootFile: string;
}

// ---------------------------------------------------------------------------------------------- log-in

/** Each has log-ins of its own. */
export type Service = "configuration" | "security";

export interface LogInRequest {
  target: Target;
  /** The configuration's where it is left out. */
  service?: Service;
  /** The attempt that this is another try of, so that nothing is asked twice; `""` for a new log-in. */
  after: string;
  user: string;
  password: string;
  /** It is the system password of a unit before 3.2, and never goes anywhere else. */
  system: boolean;
  /** Store it in the keychain once it worked. */
  remember: boolean;
}

/** What continues a log-in that stopped for a question; the password stays where it is. */
export type LogInAnswer =
  | { kind: "acceptCertificate"; fingerprint: string }
  | { kind: "useLastAttempt" }
  | { kind: "acceptWeakerLogIn" }
  | { kind: "allowPlain" }
  | { kind: "newPassword"; password: string }
  | { kind: "stop" };

/** A certificate as a person compares it. */
export interface Certificate {
  fingerprint: string;
  subject: string;
  validFrom: string;
  validUntil: string;
}

/** Why a computer does not trust a certificate that somebody may still accept. */
export type CertificateTrouble =
  | "expired"
  | "notYetValid"
  | "wrongName"
  | "unknownSigner"
  | "badSignature"
  | "other";

/** What became of the old password in the keychain. */
export interface PasswordChanged {
  /** Why the keychain does not have the new one although it had the old one; `""` without trouble. */
  problem: string;
}

export type Right =
  | "readConfiguration"
  | "writeConfiguration"
  | "merge"
  | "rebootImmediately"
  | "rebootWhenFree"
  | "rebootTimed"
  | "readSecurity"
  | "writeSecurity"
  | "readAuditTrail";

export interface Session {
  user: string;
  /** Over the Management API, with its limits. */
  api: boolean;
  tls: boolean;
  fingerprint: string;
  rights: Right[];
  /** Negative when the unit did not say. */
  passwordExpiresDays: number;
  /** Asked to remember, and the keychain took it. */
  remembered: boolean;
  /** Why it could not be remembered; `""` when it was, or was not asked for. */
  keychainProblem: string;
}

/** `attempt` names the log-in in {@link Backend.answerLogIn}. */
export type LogInOutcome =
  | { kind: "loggedIn"; session: Session }
  /** `keychainProblem`: why a password that may be there could not be read; `""` without trouble. */
  | { kind: "passwordNeeded"; user: string; system: boolean; keychainProblem: string }
  | { kind: "firstCertificate"; attempt: string; certificate: Certificate }
  | {
      kind: "changedCertificate";
      attempt: string;
      pinned: string;
      pinnedOn: string;
      certificate: Certificate;
    }
  /** The computer does not trust it, at the level `verified`. */
  | {
      kind: "refusedCertificate";
      attempt: string;
      trouble: CertificateTrouble;
      certificate: Certificate;
    }
  | { kind: "plainOnly"; attempt: string }
  /** PBKDF2 iterations that the unit asks for now, and asked for when a log-in last worked. */
  | { kind: "weakerLogIn"; attempt: string; offered: number; remembered: number }
  | { kind: "lastAttempt"; attempt: string }
  | { kind: "mustChange"; attempt: string; problem: string }
  | { kind: "wrongPassword"; attempt: string; attemptsLeft: number }
  /** Negative: the unit did not say for how long. */
  | { kind: "locked"; attempt: string; retryAfterS: number }
  | { kind: "retryLater"; attempt: string; retryAfterS: number }
  | { kind: "disabled"; attempt: string };

// ---------------------------------------------------------------------------------------------- transfers

export type Step =
  | "connect"
  | "tls"
  | "logIn"
  | "receive"
  | "backup"
  | "send"
  | "write"
  | "readBack"
  | "busy"
  | "commit"
  | "restart"
  | "wait";

/** Bytes, or seconds in `restart`, `busy` and `wait`, or entries in `write`; `total` is negative while it is not known. */
export interface Progress {
  step: Step;
  done: number;
  total: number;
}

// ---------------------------------------------------------------------------------------------- documents

/** A configuration that is open in the program. */
export interface DocumentInfo {
  id: string;
  /** The unit's name, or the file's. */
  name: string;
  /** Where it came from, and where Send goes; address `""` for a file that belongs to no unit yet. */
  target: Target;
  /** `""` when it came from a file that recorded none. */
  revision: string;
  bytes: number;
  /** The largest that the unit takes; negative when it did not say. */
  limitBytes: number;
  receivedAt: string;
  /** Not a document that can be shown field by field; it can be saved and sent as it is. */
  opaque: boolean;
  state: DocumentState;
}

/** How a document stands after each change. */
export interface DocumentState {
  changes: number;
  problems: number;
  canUndo: boolean;
  canRedo: boolean;
  /** There are changes that were neither sent nor saved. */
  unsaved: boolean;
}

/** `kind` is the element's name: `User`, `HuntGroup`. */
export interface EntityKind {
  kind: string;
  count: number;
  changes: number;
  problems: number;
}

export type ChangeMark = "none" | "changed" | "added" | "removed";

export interface EntityTable {
  /** Element names; the first is what the entity is called by. */
  columns: string[];
  rows: EntityRow[];
}

export interface EntityRow {
  id: string;
  /** One a column; a secret is never among them. */
  cells: string[];
  mark: ChangeMark;
  /** The first problem, in a few words; `""` without one. */
  problem: string;
}

export type FieldKind = "text" | "number" | "switch" | "choice" | "secret" | "readOnly";

export interface FieldChoice {
  value: string;
  label: string;
}

export interface Field {
  /** Child elements from the entity down: `LANs/LAN[LAN1]/IPAddress`. */
  path: string;
  kind: FieldKind;
  /** `""` for a secret: ask for it by {@link Backend.revealSecret}. */
  value: string;
  /** What the unit has; `""` for a secret. */
  original: string;
  changed: boolean;
  /** For a secret: whether there is one. */
  isSet: boolean;
  choices: FieldChoice[];
  /** Bounds of a number; without bounds `min` > `max`. */
  min: number;
  max: number;
  problem: string;
}

export interface EntityReference {
  id: string;
  kind: string;
  label: string;
}

export interface Entity {
  id: string;
  kind: string;
  /** `201`. */
  label: string;
  /** `Sales1`. */
  name: string;
  guid: string;
  fields: Field[];
  usedBy: EntityReference[];
}

/** One line of a comparison; secrets read `••••••` on both sides. */
export interface Change {
  entity: EntityReference;
  mark: ChangeMark;
  /** The field's path; `""` for a whole entity. */
  path: string;
  before: string;
  after: string;
}

export interface Problem {
  entity: EntityReference;
  path: string;
  message: string;
}

export interface SearchHit {
  entity: EntityReference;
  path: string;
  /** The text around the hit; never a secret. */
  excerpt: string;
}

/** The document beside what the unit holds at this moment. */
export interface UnitComparison {
  unitRevision: string;
  baseRevision: string;
  /** Somebody else changed the unit since this document was received. */
  conflict: boolean;
  changes: Change[];
  /** A merge takes effect for all of these changes. */
  mergeEnough: boolean;
  /** What would be sent. */
  bytes: number;
  /** The largest that the unit takes; negative when it did not say. */
  limitBytes: number;
  checkedAt: string;
}

export type SendMode = "merge" | "immediate" | "whenFree" | "timed";

export interface RestartOptions {
  mode: SendMode;
  /** Minutes after midnight by the unit's clock; used by `timed` only. */
  atMinutes: number;
  barIncoming: boolean;
  barOutgoing: boolean;
}

export interface SendOptions extends RestartOptions {
  /** Send over whatever somebody else changed meanwhile. */
  force: boolean;
  /** The unit's revision that somebody saw and agreed to overwrite; `""`: nothing is to be overwritten. */
  over: string;
}

// ---------------------------------------------------------------------------------------------- conflicts

/** `removedHere`: I removed what was changed there; `removedThere` the other way round. */
export type CollisionKind = "bothChanged" | "bothAdded" | "removedHere" | "removedThere";

/** A value that both sides want otherwise; `""` where there is none. Secrets read `••••••`. */
export interface ContestedField {
  path: string;
  base: string;
  mine: string;
  theirs: string;
}

export interface Collision {
  entity: EntityReference;
  /** `""` for the entity as a whole. */
  path: string;
  kind: CollisionKind;
  fields: ContestedField[];
}

/** Why my changes can not be put on top of theirs; `none` where they can. */
export type Obstacle = "none" | "collisions" | "baseUnknown" | "problems" | "unsure";

/** My changes beside those that somebody else made to the unit meanwhile. */
export interface Conflict {
  unitRevision: string;
  baseRevision: string;
  /** With `baseUnknown`: everything in which mine differs from what the unit holds. */
  mine: Change[];
  theirs: Change[];
  /** Changed on both sides, and alike. */
  alike: Change[];
  collisions: Collision[];
  obstacle: Obstacle;
  /** In words, for `problems` and `unsure`. */
  reasons: string[];
}

export interface SendResult {
  revisionBefore: string;
  revisionAfter: string;
  bytes: number;
  /** Nothing was sent, because the unit already has this. */
  unchanged: boolean;
  /** It was sent with a restart, and the unit took it. */
  restarts: boolean;
  /** Negative: the unit did not say when. */
  restartInS: number;
}

export interface RebootResult {
  /** Negative: the unit did not say when. */
  restartInS: number;
}

/** `down`: it went away; `starting`: it answers and is not ready; `back`. */
export type WatchState = "waiting" | "down" | "starting" | "back";

export interface WatchEvent {
  state: WatchState;
  elapsedS: number;
  /**
   * `waiting`: seconds until it goes, 0 once only calls hold it up; `down` and `starting`: how long it is still waited for.
   * Negative when that is not known.
   */
  leftS: number;
}

export interface WatchResult {
  /** False: calls still hold the restart up. */
  went: boolean;
  revision: string;
  elapsedS: number;
}

/** Where a send stopped in the middle; empty for every other failure. */
export interface FailureParts {
  written: string[];
  unknown: string[];
  notWritten: string[];
  restartNeeded: boolean;
  why: string;
}

// ---------------------------------------------------------------------------------------------- lists

/** One of a unit's own lists, such as that of its users. */
export interface UnitList {
  /** Names of the columns that are known, `#6` for the others by their place from 0. */
  columns: string[];
  rows: string[][];
  /** The first lines that can not be read as rows, with why. */
  malformed: string[];
  malformedLines: number;
  address: string;
  tls: boolean;
}

export interface ListTable {
  columns: string[];
  rows: string[][];
}

// ---------------------------------------------------------------------------------------------- security settings

/** A setting of the password policy (`General`) or the system (`System`). */
export interface SecuritySetting {
  entity: string;
  name: string;
  kind: "switch" | "number" | "choice" | "text";
  /** `true` or `false` for a switch. */
  value: string;
  /** As the unit has it. */
  original: string;
  /** Negative where there are no bounds. */
  min: number;
  max: number;
  choices: string[];
  /** Whether the unit has it at all. */
  present: boolean;
}

export interface SecurityService {
  name: string;
  level: string;
  original: string;
}

export interface SecurityGroup {
  name: string;
  rights: string[];
  /** Whether the unit says what its members may do. */
  saysRights: boolean;
  added: boolean;
  changed: boolean;
}

/** What a unit says of a password that it never tells. */
export type SecurityPassword = "set" | "notSet" | "default" | "unknown";

export interface SecurityUser {
  name: string;
  enabled: boolean;
  groups: string[];
  /** What those let it do. */
  rights: string[];
  password: SecurityPassword;
  /** A new password waits to be sent. */
  newPassword: boolean;
  added: boolean;
  changed: boolean;
}

export interface SecurityInterface {
  name: string;
  enabled: boolean;
  original: boolean;
}

/** Something weak; `code` is what the window has words for. */
export interface Finding {
  code: string;
  /** Somebody on the network can make use of it. */
  warning: boolean;
  entity: string;
  name: string;
  field: string;
  /** A number that belongs to it, else negative. */
  number: number;
}

/** A rule that is broken; with `mine` nothing can be sent. */
export interface SettingProblem {
  code: string;
  entity: string;
  name: string;
  field: string;
  message: string;
  mine: boolean;
}

/** One value that differs; a new password reads `••••••`. `field` is `""` where the whole entity came or went. */
export interface SecurityChange {
  entity: string;
  name: string;
  field: string;
  before: string;
  after: string;
  added: boolean;
  removed: boolean;
}

/** What changes bring with them. */
export interface SecurityConsequence {
  code: string;
  /** Whom or what it is about. */
  subject: string;
  from: number;
  to: number;
}

/** Everything that is shown of the security settings of one unit; the program has them in memory alone. */
export interface SecurityView {
  id: string;
  target: Target;
  name: string;
  address: string;
  /** Who is logged in. */
  user: string;
  /** New passwords go over TLS only. */
  tls: boolean;
  revision: string;
  receivedAt: string;
  settings: SecuritySetting[];
  services: SecurityService[];
  /** From least to most protection. */
  levels: string[];
  groups: SecurityGroup[];
  /** The rights that a group can give. */
  rights: string[];
  users: SecurityUser[];
  interfaces: SecurityInterface[];
  findings: Finding[];
  problems: SettingProblem[];
  changes: SecurityChange[];
  consequences: SecurityConsequence[];
  canUndo: boolean;
  canRedo: boolean;
}

export type SecurityEdit =
  | { kind: "set"; name: string; value: string }
  | { kind: "level"; service: string; level: string }
  | { kind: "interface"; name: string; enabled: boolean }
  | { kind: "addUser"; user: string; groups: string[] }
  | { kind: "removeUser"; user: string }
  | { kind: "enableUser"; user: string; enabled: boolean }
  | { kind: "userGroups"; user: string; groups: string[] }
  | { kind: "addGroup"; group: string; rights: string[] }
  | { kind: "removeGroup"; group: string }
  | { kind: "groupRights"; group: string; rights: string[] };

export interface SecuritySendResult {
  /** The settings as the unit has them now. */
  view: SecurityView;
  unchanged: boolean;
  revisionAfter: string;
  /** Negative: no restart. */
  restartInS: number;
  /** The port that the services moved to; 0 where they did not. */
  movedTo: number;
  /** Whether the unit was seen there. */
  followed: boolean;
  siteChanged: boolean;
  /** Service users whose old password is still in the keychain. */
  oldInKeychain: string[];
}

/** What somebody else changed meanwhile; `collisions` are those in a place that was changed here too. */
export interface SecurityTheirs {
  revision: string;
  changes: SecurityChange[];
  collisions: SecurityChange[];
}

export interface SecurityRebased {
  view: SecurityView;
  /** Why some of the changes could not be made there. */
  dropped: string[];
}

// ---------------------------------------------------------------------------------------------- audit trail

/** One thing that happened, in the unit's words; `""` where it does not say. */
export interface AuditEntry {
  time: string;
  user: string;
  source: string;
  action: string;
  result: string;
  more: string;
}

export interface KeptAudit {
  sha256: string;
  revision: string;
  receivedAt: string;
}

export interface AuditTrail {
  revision: string;
  sha256: string;
  bytes: number;
  receivedAt: string;
  /** `entries`, `lines`, or `opaque` for what is in a form that nobody knows. */
  form: string;
  rows: AuditEntry[];
  /** Entries beyond those that are shown. */
  leftOut: number;
  /** Everything in the archive, the latest first. */
  kept: KeptAudit[];
}

// ---------------------------------------------------------------------------------------------- the rest

export type ActivityAction =
  | "logIn"
  | "receive"
  | "send"
  | "restart"
  | "siteAdded"
  | "siteChanged"
  | "siteRemoved"
  | "certificatePinned"
  | "fileOpened"
  | "fileSaved"
  | "passwordChanged"
  | "securityLogIn"
  | "securityReceived"
  | "securitySent"
  | "securityExported"
  | "auditReceived";

export interface ActivityEntry {
  id: string;
  at: string;
  action: ActivityAction;
  unit: string;
  address: string;
  user: string;
  result: "done" | "failed" | "stopped" | "unchanged";
  detail: string;
}

/** What the program says without being asked. */
export type News =
  /** It waits for a person to answer the system's prompt, or does so no longer. */
  | { kind: "keychain"; waiting: boolean }
  | { kind: "fileDamaged"; file: string; keptAs: string; reason: string }
  | { kind: "fileStartedEmpty"; file: string; kept: string[] }
  | { kind: "notice"; text: string }
  /** Another program changed sites or preferences. */
  | { kind: "storeChanged" }
  /** What only the Management API says of a unit. */
  | {
      kind: "remarks";
      unit: string;
      restartNeeded: boolean;
      /** Collections that the unit does not have. */
      notOffered: string[];
      /** What was written, and is not there as it was sent. */
      keptOtherwise: string[];
    }
  /** Nobody used the log-ins to these units for so many minutes. */
  | { kind: "loggedOut"; units: string[]; minutes: number }
  /** This computer's addresses changed; each as `eth0 10.0.1.5/24`. */
  | { kind: "networksChanged"; added: string[]; removed: string[]; networks: Network[] }
  /** Security settings that nobody used for a while were closed. */
  | { kind: "securityClosed"; id: string }
  /** Somebody wants to close the window while something is not finished. */
  | { kind: "closing"; documents: UnsavedDocument[]; transfers: number };

export interface UnsavedDocument {
  name: string;
  changes: number;
}

/** What became of a list of sites. */
export interface ImportedList {
  path: string;
  added: number;
  changed: number;
  unchanged: number;
  /** Lines that were not taken over, from 1. */
  problems: { line: number; reason: string }[];
  /** Headings of columns that mean nothing here. */
  ignored: string[];
  /** New sites that are spoken to with less than a pinned certificate, because the list says so. */
  lessSecure: string[];
}

/** A file that was written, and how many sites or units are in it. */
export interface ExportedList {
  path: string;
  count: number;
}

/** What only the window knows. */
export interface WindowState {
  /** Column ids of the Units table, in order. */
  columns: string[];
  sortBy: string;
  sortDescending: boolean;
  theme: "system" | "light" | "dark";
  language: "system" | "en" | "de";
  /** Per cent: 100, 125, 150, 200. */
  textSize: number;
  recentAddresses: string[];
  /** IP Search Criteria that were used before, the newest first. */
  recentCriteria: string[];
  collapsedGroups: string[];
  /** Somebody has read what the first start says. */
  welcomed: boolean;
}

export interface About {
  version: string;
  platform: "linux" | "macos" | "windows";
  dataFolder: string;
}

/** What a start begins with. */
export interface Beginning {
  about: About;
  face: string;
  windowState: WindowState;
  sites: Site[];
  networks: Network[];
}
