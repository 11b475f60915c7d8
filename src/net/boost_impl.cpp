// The non-template half of Asio and Beast, compiled once (see the definitions of the CMake target
// ltb_asio).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
