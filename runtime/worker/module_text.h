#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>

/// Text between Python and bytes. All functions need the GIL.
namespace batchscope::worker {

/// os.fsdecode: what Python calls a path.
pybind11::str FromPathBytes(std::string_view bytes);

/// Appends a str as UTF-8. Surrogates of undecodable file names become the bytes they stand for (surrogateescape),
/// other lone surrogates "\udNNN". False with the Python error set when that failed.
bool AppendUtf8(std::string& out, PyObject* text);

/// The same as a value; throws error_already_set.
std::string ToUtf8(pybind11::handle text);

}  // namespace batchscope::worker
