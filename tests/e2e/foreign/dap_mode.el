;;; dap_mode.el --- Emacs with dap-mode, without a window, looks at a run -*- lexical-binding: t -*-
;; Prints as JSON what it saw.  As a person does it who has registered `batchscope-dap' in the init file:
;; (dap-register-debug-provider "batchscope" (lambda (conf) (plist-put conf :dap-server-path '("batchscope-dap"))))
(setq user-emacs-directory (expand-file-name ".emacs.d/" (getenv "HOME"))
      lsp-session-file (expand-file-name "lsp" user-emacs-directory)
      dap-breakpoints-file (expand-file-name "breakpoints" user-emacs-directory)
      lsp-auto-guess-root t
      dap-auto-configure-features nil
      ;; dap-mode asks for a variable of each filter that an adapter has.
      dap-exception-breakpoints nil)
(package-initialize)
(require 'json)
(require 'dap-mode)

(defvar seen nil "What is printed in the end.")
(defvar frames nil "Where the worker stopped, the newest first.")

(defun wait-until (what look)
  "Handle what the adapter says until LOOK answers; its answer.  WHAT is for the failure."
  (let ((end (+ (float-time) (string-to-number (getenv "SECONDS"))))
        (found nil))
    (while (not (setq found (funcall look)))
      (when (> (float-time) end)
        (error "No %s" what))
      (accept-process-output nil 0.05))
    found))

(defun ask (session command arguments)
  "The body of the answer to a request."
  (let ((answer nil))
    (dap--send-message (dap--make-request command arguments) (lambda (each) (setq answer each)) session)
    (gethash "body" (wait-until (format "answer to %s" command) (lambda () answer)))))

(defun place (frame)
  (vector (gethash "name" frame) (gethash "line" frame)))

(defun next-stop (act)
  "The frame in which the worker stops after ACT."
  (setq frames nil)
  (funcall act)
  (wait-until "stop" (lambda () (car frames))))

(defun local-value (session frame name)
  (let* ((scopes (gethash "scopes" (ask session "scopes" (list :frameId (gethash "id" frame)))))
         (scope (seq-find (lambda (each) (string= (gethash "name" each) "Locals")) scopes))
         (reference (gethash "variablesReference" scope))
         (found (gethash "variables" (ask session "variables" (list :variablesReference reference)))))
    (gethash "value" (seq-find (lambda (each) (string= (gethash "name" each) name)) found))))

(defun go-to (mark)
  (goto-char (point-min))
  (forward-line (1- (alist-get mark (json-read-from-string (getenv "LINES"))))))

(defun note (key value)
  (setq seen (cons (cons key value) seen)))

(dap-mode 1)
(dap-register-debug-provider
 "batchscope"
 (lambda (conf)
   (plist-put conf :dap-server-path (list (getenv "ADAPTER") (concat "--home=" (getenv "RUNS"))))))
(add-hook 'dap-stack-frame-changed-hook
          (lambda (session)
            (when-let ((frame (dap--debug-session-active-frame session)))
              (push frame frames))))

(find-file (getenv "SCRIPT"))
(lsp-workspace-folders-add (file-name-directory (getenv "SCRIPT")))
(go-to 'round)
(dap-breakpoint-add)
(let ((frame (next-stop (lambda () (dap-debug (list :type "batchscope" :request "attach" :name "run" :run "latest")))))
      (session (dap--cur-session)))
  (note "first" (place frame))
  (note "number" (local-value session frame "number"))
  (note "step" (place (next-stop (lambda () (dap-next session)))))
  (go-to 'round)
  (dap-breakpoint-toggle)
  (go-to 'double)
  (dap-breakpoint-add)
  (write-region "" nil (getenv "GATE") nil 'quiet)
  (setq frame (next-stop (lambda () (dap-continue session (dap--debug-session-thread-id session)))))
  (let ((stack (ask session "stackTrace" (list :threadId (dap--debug-session-thread-id session)))))
    (note "second" (vconcat (mapcar #'place (gethash "stackFrames" stack)))))
  (note "value" (local-value session frame "value"))
  (dap-breakpoint-toggle)
  (dap-continue session (dap--debug-session-thread-id session))
  (dap-disconnect session)
  (wait-until "end of the adapter" (lambda () (not (process-live-p (dap--debug-session-proc session))))))
(princ (concat (json-encode seen) "\n"))
