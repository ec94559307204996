/** The view: runs, and beneath each its workers, mini-batches and failures. */

import * as vscode from "vscode";

import { type Run } from "./runs";
import { type RunsStore } from "./runs_store";
import { type Node, runNodes } from "./tree";

/** A run's own node; parts of it have another kind. */
const isRunNode = (node: Node): boolean => node.kind.startsWith("run.");

class RunsTree implements vscode.TreeDataProvider<Node> {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;

  /** Folders of runs that were seen running: they stay open when they end. */
  readonly #seenRunning = new Set<string>();

  constructor(private readonly store: RunsStore) {
    store.onDidChange(() => this.#changed.fire());
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label, this.#stateOf(node));
    item.id = node.id;
    item.description = node.description;
    item.tooltip = node.tooltip;
    item.accessibilityInformation = { label: node.description ? `${node.label}, ${node.description}` : node.label };
    item.contextValue = node.kind;
    item.iconPath = node.icon.color
      ? new vscode.ThemeIcon(node.icon.name, new vscode.ThemeColor(node.icon.color))
      : new vscode.ThemeIcon(node.icon.name);
    if (node.kind === "miniBatch") {
      item.command = { command: "batchscope.showMiniBatch", title: "Show", arguments: [node] };
    }
    return item;
  }

  getChildren(node?: Node): Node[] {
    if (node) {
      if (isRunNode(node)) this.store.setOpened(node.run.folder, true);
      return [...node.children];
    }
    for (const run of this.store.running) this.#seenRunning.add(run.folder);
    const isOpen = (run: Run): boolean => this.#seenRunning.has(run.folder);
    return runNodes(this.store.runs, this.store.details, isOpen, new Date());
  }

  #stateOf(node: Node): vscode.TreeItemCollapsibleState {
    if (!node.isOpenable) return vscode.TreeItemCollapsibleState.None;
    return node.isOpen ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
  }
}

export function registerRunsView(store: RunsStore): vscode.Disposable[] {
  const view = vscode.window.createTreeView("batchscope.runs", { treeDataProvider: new RunsTree(store) });
  const showBadge = (): void => {
    const running = store.running.length;
    view.badge = running > 0 ? { value: running, tooltip: `${running} running` } : undefined;
  };
  store.setVisible(view.visible);
  return [
    view,
    store.onDidChange(showBadge),
    view.onDidChangeVisibility((event) => store.setVisible(event.visible)),
    view.onDidCollapseElement((event) => {
      if (isRunNode(event.element)) store.setOpened(event.element.run.folder, false);
    }),
    view.onDidExpandElement((event) => {
      if (isRunNode(event.element)) store.setOpened(event.element.run.folder, true);
    }),
    vscode.commands.registerCommand("batchscope.refresh", () => store.refresh()),
  ];
}
