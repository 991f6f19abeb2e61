/**
 * The window's one door to the program. Nothing else in the UI reaches outside the web view.
 *
 * Every method either resolves or rejects with a {@link BackendError}. Work that takes long gets an operation id from the
 * window, reports by its callback, and rejects with the code `cancelled` after {@link Backend.cancel}.
 */
import type {
  About,
  ActivityEntry,
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
  FailureParts,
  ListTable,
  LogInAnswer,
  LogInOutcome,
  LogInRequest,
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
  /** Rejects where the program could not start: then nothing else answers but {@link startAgain} and {@link closeWindow}. */
  started(): Promise<void>;
  startAgain(): Promise<void>;
  /** From now on hears what the program says without being asked. */
  listen(onNews: (news: News) => void): Promise<void>;
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
  facts(target: Target): Promise<TargetFacts>;
  forgetCertificate(target: Target): Promise<void>;
  /** Ends the session and removes the password from the keychain. */
  forgetLogIn(target: Target): Promise<void>;

  preferences(): Promise<Preferences>;
  /** Code `usage` names the preference that is out of bounds. */
  setPreferences(preferences: Preferences): Promise<Preferences>;
  checkCriteria(text: string): Promise<CriteriaCheck>;

  /** Uses the session or the keychain; `passwordNeeded` when there is neither. */
  resumeLogIn(operation: OperationId, target: Target): Promise<LogInOutcome>;
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

  /** Newest first. */
  activity(): Promise<ActivityEntry[]>;
  /** Asks for a place in the system's own dialog; `""` when nobody chose one, else the path. */
  exportActivity(): Promise<string>;

  windowState(): Promise<WindowState>;
  setWindowState(state: WindowState): Promise<void>;
  copyText(text: string): Promise<void>;
  about(): Promise<About>;
}
