/**
 * The window's one door to the program. Nothing else in the UI reaches outside the web view.
 *
 * Every method either resolves or rejects with a {@link BackendError}. Work that takes long gets an operation id from the
 * window, reports by its callback, and rejects with the code `cancelled` after {@link Backend.cancel}.
 */
import type {
  ActivityEntry,
  AuditTrail,
  Beginning,
  Change,
  ChosenCertificate,
  Conflict,
  CriteriaCheck,
  DiscoveryEvent,
  DiscoveryOptions,
  DiscoverySummary,
  DocumentInfo,
  DocumentState,
  Entity,
  EntityKind,
  EntityTable,
  ExportedList,
  FailureParts,
  ImportedList,
  ListTable,
  LogInAnswer,
  LogInOutcome,
  LogInRequest,
  NameLookUp,
  Network,
  News,
  OperationId,
  PasswordChanged,
  Preferences,
  Problem,
  Progress,
  RebootResult,
  RestartOptions,
  SearchHit,
  SecurityEdit,
  SecurityRebased,
  SecuritySendResult,
  SecurityTheirs,
  SecurityView,
  SendOptions,
  SendResult,
  Site,
  Target,
  TargetFacts,
  UnitComparison,
  UnitList,
  WatchEvent,
  WatchResult,
  WindowState,
} from "./types";

const noParts: FailureParts = { written: [], unknown: [], notWritten: [], restartNeeded: false, why: "" };

/** An error as the program reports it; `code` is stable and is what the window switches on. */
export class BackendError extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** What to do next; `""` when there is nothing to say. */
    readonly hint: string,
    readonly parts: FailureParts = noParts,
  ) {
    super(message);
    this.name = "BackendError";
  }
}

export interface Backend {
  /**
   * All that the first list needs, in one answer; from now on hears what the program says without being asked.
   * Rejects where the program could not start: then nothing else answers but {@link startAgain} and {@link closeWindow}.
   */
  started(): Promise<Beginning>;
  listen(onNews: (news: News) => void): Promise<void>;
  startAgain(): Promise<void>;
  /** The window shows the question of whether to close. */
  closingShown(): Promise<void>;
  /** Closes the window whatever is not finished. */
  closeWindow(): Promise<void>;

  /** Searches, and reports each unit as it answers. */
  discover(
    operation: OperationId,
    options: DiscoveryOptions,
    onEvent: (event: DiscoveryEvent) => void,
  ): Promise<DiscoverySummary>;
  /** Stops a piece of work. It does nothing when that already ended. */
  cancel(operation: OperationId): Promise<void>;
  networks(): Promise<Network[]>;

  sites(): Promise<Site[]>;
  /** Adds, changes or brings back a site; answers with it as it is now stored. Code `usage` names what is wrong. */
  saveSite(site: Site): Promise<Site>;
  removeSite(id: string): Promise<void>;
  /** Asks for a file in the system's own dialog. Code `client_certificate` when it holds none. */
  chooseClientCertificate(): Promise<ChosenCertificate>;
  /** Opens the file that was chosen last, and keeps its password in the keychain. */
  unlockClientCertificate(password: string): Promise<void>;
  /** Asks for a list in the system's own dialog; `null` when nobody chose one. A line that is wrong stops nothing. */
  importSites(): Promise<ImportedList | null>;
  /** Asks for a place in the system's own dialog; `null` when nobody chose one. */
  exportSites(vendorColumns: boolean): Promise<ExportedList | null>;
  /** As {@link exportSites}: what the last search of everything found, and later ones at single addresses. */
  exportFound(): Promise<ExportedList | null>;
  facts(target: Target): Promise<TargetFacts>;
  forgetCertificate(target: Target): Promise<void>;
  /** Ends the session and removes the password from the keychain. */
  forgetLogIn(target: Target): Promise<void>;

  preferences(): Promise<Preferences>;
  /** Code `usage` names the preference that is out of bounds. */
  setPreferences(preferences: Preferences): Promise<Preferences>;
  checkCriteria(text: string): Promise<CriteriaCheck>;
  /** The criteria with the range of a subnet behind them. Code `usage` where that can not be searched. */
  addSubnet(text: string, subnet: string): Promise<string>;
  /** Looks up the DNS names among the criteria, and asks nothing of what stands at their addresses. */
  lookUpNames(text: string): Promise<NameLookUp[]>;

  /** Uses the session or the keychain; `passwordNeeded` when there is neither. */
  resumeLogIn(operation: OperationId, target: Target): Promise<LogInOutcome>;
  /** The same for the security service, which has users of its own. */
  resumeSecurityLogIn(operation: OperationId, target: Target): Promise<LogInOutcome>;
  logIn(operation: OperationId, request: LogInRequest): Promise<LogInOutcome>;
  answerLogIn(operation: OperationId, attempt: string, answer: LogInAnswer): Promise<LogInOutcome>;
  /** Changes the password of whoever is logged in. Code `tls_required` without TLS. */
  changePassword(operation: OperationId, target: Target, password: string): Promise<PasswordChanged>;
  /** Goes on without the keychain that is waited for. */
  skipKeychain(): Promise<void>;

  receive(
    operation: OperationId,
    target: Target,
    onProgress: (progress: Progress) => void,
  ): Promise<DocumentInfo>;
  /** Asks for a file in the system's own dialog; `null` when nobody chose one. `target` is where Send will go. */
  openFile(target: Target): Promise<DocumentInfo | null>;
  /** Asks for a place in the system's own dialog; `""` when nobody chose one, else the path. */
  saveFile(document: string): Promise<string>;
  closeDocument(document: string): Promise<void>;
  entityKinds(document: string): Promise<EntityKind[]>;
  entities(document: string, kind: string): Promise<EntityTable>;
  entity(document: string, entity: string): Promise<Entity>;
  setValue(document: string, entity: string, path: string, value: string): Promise<DocumentState>;
  undo(document: string): Promise<DocumentState>;
  redo(document: string): Promise<DocumentState>;
  changes(document: string): Promise<Change[]>;
  problems(document: string): Promise<Problem[]>;
  search(document: string, text: string): Promise<SearchHit[]>;
  revealSecret(document: string, entity: string, path: string): Promise<string>;

  compareWithUnit(
    operation: OperationId,
    document: string,
    onProgress: (progress: Progress) => void,
  ): Promise<UnitComparison>;
  /** What I changed, what was changed on the unit meanwhile, and what collides. */
  lookAtConflict(
    operation: OperationId,
    document: string,
    onProgress: (progress: Progress) => void,
  ): Promise<Conflict>;
  /** Puts the changes of a document on top of what the unit holds now; nothing is sent. Code `conflict` where they collide. */
  rebase(
    operation: OperationId,
    document: string,
    onProgress: (progress: Progress) => void,
  ): Promise<DocumentInfo>;
  /** Keeps a verified copy of what the unit has, then sends. Code `conflict` when the unit changed meanwhile. */
  send(
    operation: OperationId,
    document: string,
    options: SendOptions,
    onProgress: (progress: Progress) => void,
  ): Promise<SendResult>;
  reboot(operation: OperationId, target: Target, options: RestartOptions): Promise<RebootResult>;
  /** Stays with a unit that restarts until it is back, or only calls hold it up. */
  watchUntilBack(
    operation: OperationId,
    target: Target,
    onEvent: (event: WatchEvent) => void,
  ): Promise<WatchResult>;

  /** One of a unit's own lists, by its file's name, as whoever is logged in. */
  readList(
    operation: OperationId,
    target: Target,
    list: string,
    onProgress: (progress: Progress) => void,
  ): Promise<UnitList>;
  /** Asks for a place in the system's own dialog; `""` when nobody chose one, else the path. */
  saveTable(name: string, table: ListTable): Promise<string>;

  /** Receives the security settings into memory; needs a log-in to the security service. */
  openSecurity(
    operation: OperationId,
    target: Target,
    onProgress: (progress: Progress) => void,
  ): Promise<SecurityView>;
  /** Code `usage` says why it can not be done; `not_found` where they were closed meanwhile. */
  editSecurity(id: string, edit: SecurityEdit): Promise<SecurityView>;
  /** Code `usage` names the rule of the password policy that it breaks. */
  setSecurityPassword(id: string, user: string, password: string): Promise<SecurityView>;
  undoSecurity(id: string): Promise<SecurityView>;
  redoSecurity(id: string): Promise<SecurityView>;
  /** Code `conflict` when the unit changed meanwhile: {@link compareSecurity}, then {@link rebaseSecurity}. */
  sendSecurity(
    operation: OperationId,
    id: string,
    options: SendOptions,
    onProgress: (progress: Progress) => void,
  ): Promise<SecuritySendResult>;
  compareSecurity(
    operation: OperationId,
    id: string,
    onProgress: (progress: Progress) => void,
  ): Promise<SecurityTheirs>;
  rebaseSecurity(id: string): Promise<SecurityRebased>;
  /** Asks for a place in the system's own dialog; `""` when nobody chose one, else the path. The one way to disk. */
  exportSecurity(id: string): Promise<string>;
  closeSecurity(id: string): Promise<void>;

  /** Receives the audit trail and keeps it in the archive. */
  receiveAudit(
    operation: OperationId,
    target: Target,
    onProgress: (progress: Progress) => void,
  ): Promise<AuditTrail>;
  /** One that was received before, or the latest for `""`; `null` where there is none. */
  keptAudit(target: Target, sha256: string): Promise<AuditTrail | null>;

  /** Newest first. */
  activity(): Promise<ActivityEntry[]>;
  /** Asks for a place in the system's own dialog; `""` when nobody chose one, else the path. */
  exportActivity(): Promise<string>;

  setWindowState(state: WindowState): Promise<void>;
  copyText(text: string): Promise<void>;
}
